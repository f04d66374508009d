package worktime_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readmeFrame runs the programs of the README, each against the in-memory server of its provider.
const readmeFrame = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func openProtime(c protime.Config) (*protime.Client, error) {
	server := must(protimetest.Start(protimetest.WithClockings(protime.Clocking{
		Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 2), TimeOfDay: 510, Kind: protime.ClockingInOut,
	})))
	fake := server.Config()
	c.Tenant, c.ClientID, c.ClientSecret, c.APIURL, c.AuthURL = fake.Tenant, fake.ClientID, fake.ClientSecret, fake.APIURL, fake.AuthURL
	c.Options.HTTPClient = fake.Options.HTTPClient
	return protime.NewClient(c)
}

func openTimelog(c timelog.Config) (*timelog.Client, error) {
	fake := must(timelogtest.Start(timelogtest.WithSample(worktime.NewDate(2026, 1, 5)))).Config()
	c.SiteURL, c.Auth, c.Options.HTTPClient = fake.SiteURL, fake.Auth, fake.Options.HTTPClient
	return timelog.NewClient(c)
}

func openTimeneye(c timeneye.Config) (*timeneye.Client, error) {
	fake := must(timeneyetest.Start(timeneyetest.WithSample(worktime.NewDate(2026, 1, 5)))).Config()
	c.BaseURL, c.Auth, c.Options.HTTPClient = fake.BaseURL, fake.Auth, fake.Options.HTTPClient
	return timeneye.NewClient(c)
}

var _ = os.Getenv

func main() {
	ctx := context.Background()
	for _, program := range []func(context.Context) error{%s} {
		if err := program(ctx); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
}
`

// The programs of the README are what a newcomer copies first.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var names []string
	var functions strings.Builder
	for _, block := range regexp.MustCompile("(?s)```go\n(client, err := .*?)```").FindAllStringSubmatch(string(readme), -1) {
		provider := regexp.MustCompile(`(\w+)\.NewClient\(`).FindStringSubmatch(block[1])
		require.NotNil(t, provider)
		assert.LessOrEqual(t, strings.Count(block[1], "\n"), 15, "the program of %s", provider[1])
		names = append(names, provider[1]+"Program")
		open := "open" + strings.ToUpper(provider[1][:1]) + provider[1][1:] + "("
		fmt.Fprintf(&functions, "\nfunc %sProgram(ctx context.Context) error {\nfmt.Println(%q)\n%sreturn nil\n}\n",
			provider[1], provider[1]+":", strings.Replace(block[1], provider[0], open, 1))
	}
	require.Equal(t, []string{"protimeProgram", "timelogProgram", "timeneyeProgram"}, names)

	// A package that exists for this command only.
	dir := t.TempDir()
	source, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(source, []byte(fmt.Sprintf(readmeFrame, strings.Join(names, ", "))+functions.String()), 0o600))
	root, err := os.Getwd()
	require.NoError(t, err)
	files, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "readme", "main.go"): source}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, files, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "run", "-overlay", overlay, "./readme").CombinedOutput()
	require.NoError(t, err, string(out))
	for provider, line := range map[string]string{
		"protime": `2026-01-02 08:30 InOut`, "timelog": `\S+ \S.*`, "timeneye": `2026-01-\d\d \d+ .*`,
	} {
		assert.Regexp(t, `(?m)^`+provider+`:\n`+line+`\n`, string(out))
	}
}
