package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Operations reads the //api:op lines of a provider's package and checks that each API method
// has one, as the last line of its comment (or several), and names the vendor's page. It returns the
// operations with their methods; the provider's wire test must have a row for each.
func Operations(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files := token.NewFileSet()
	operations := map[string][]string{}
	entries, err := fs.Glob(os.DirFS(dir), "*.go")
	require.NoError(t, err)
	for _, name := range entries {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, dir+"/"+name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			method, ok := decl.(*ast.FuncDecl)
			if !ok || method.Doc == nil {
				continue
			}
			for _, op := range operationsOf(t, method) {
				operations[op] = append(operations[op], method.Name.Name)
			}
		}
	}
	require.NotEmpty(t, operations)
	return operations
}

// operationsOf returns the arguments of the method's api:op lines. A method has several if it serves
// collections that differ by their names only.
func operationsOf(t *testing.T, method *ast.FuncDecl) (ops []string) {
	t.Helper()
	for _, line := range method.Doc.List {
		d, ok := ast.ParseDirective(line.Pos(), line.Text)
		if !ok || d.Tool != "api" || d.Name != "op" {
			assert.Empty(t, ops, "%s: api:op must be the last line of the comment", method.Name)
			continue
		}
		assert.NotNil(t, method.Recv, "%s: api:op belongs to methods", method.Name)
		verb, path, ok := strings.Cut(d.Args, " ")
		assert.True(t, ok && strings.HasPrefix(path, "/") && strings.ToUpper(verb) == verb, "%s: %q is not METHOD /path", method.Name, d.Args)
		assert.Contains(t, method.Doc.Text(), "https://", "%s: the vendor's page is missing", method.Name)
		assert.Contains(t, method.Doc.Text(), "["+d.Args+"]", "%s: the comment must name the operation that it links", method.Name)
		ops = append(ops, d.Args)
	}
	return ops
}
