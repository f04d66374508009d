package worktime_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every exported name says what it is, and every method of a service of the three APIs names the
// vendor's page and its operation.
func TestDocumented(t *testing.T) {
	// Methods that are made of operations, and none themselves.
	composed := map[string]bool{}
	names, operations := 0, 0
	for _, file := range parseTree(t) {
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			switch d := n.(type) {
			case *ast.FuncDecl:
				receiver := receiverName(d)
				if !d.Name.IsExported() || d.Recv != nil && !ast.IsExported(receiver) {
					return false
				}
				names++
				assert.NotEmpty(t, d.Doc.Text(), "%s: %s %s has no comment", file.name, receiver, d.Name)
				if strings.HasSuffix(receiver, "Service") && !strings.Contains(file.name, "test/") {
					operations++
					text := d.Doc.Text()
					switch {
					case hasOperation(d):
						assert.Contains(t, text, "https://", "%s: %s.%s names no page of the vendor's", file.name, receiver, d.Name)
					default:
						composed[receiver+"."+d.Name.Name] = true
					}
				}
				return false
			case *ast.GenDecl:
				names += documented(t, file.name, d)
				return false
			}
			return true
		})
	}
	assert.Greater(t, names, 500)
	assert.Greater(t, operations, 100)
	assert.Subset(t, []string{"ClockingService.Candidates", "EntryService.UpdatedSince", "TimeRegistrationService.Find"}, keys(composed),
		"methods without an api:op line")
}

type goFile struct {
	name   string
	syntax *ast.File
}

// parseTree returns the files of all packages that users can import.
func parseTree(t *testing.T) []goFile {
	t.Helper()
	var all []goFile
	positions := token.NewFileSet()
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "internal" || name == "examples" || strings.HasPrefix(path.Base(name), ".") && name != "."):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		syntax, err := parser.ParseFile(positions, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		all = append(all, goFile{name, syntax})
		return err
	}))
	return all
}

// documented checks the names of a declaration; a comment above a group speaks for all of it.
func documented(t *testing.T, file string, d *ast.GenDecl) (names int) {
	t.Helper()
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				names++
				assert.NotEmpty(t, s.Doc.Text()+d.Doc.Text(), "%s: type %s has no comment", file, s.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() {
					names++
					assert.NotEmpty(t, s.Doc.Text()+s.Comment.Text()+d.Doc.Text(), "%s: %s has no comment", file, name)
				}
			}
		}
	}
	return names
}

func receiverName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	expression := d.Recv.List[0].Type
	for {
		switch e := expression.(type) {
		case *ast.StarExpr:
			expression = e.X
		case *ast.IndexExpr:
			expression = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

func hasOperation(d *ast.FuncDecl) bool {
	for _, line := range d.Doc.List {
		if strings.HasPrefix(line.Text, "//api:op ") {
			return true
		}
	}
	return false
}

func keys(m map[string]bool) []string {
	out := []string{}
	for k := range m {
		out = append(out, k)
	}
	return out
}
