package worktime_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// usual are the verbs that people use for values and errors. Under any other verb fmt may look into a foreign
// type that holds one of ours, such as the wrapper of fmt.Errorf, without asking ours how to print itself.
var usual = []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%x", "%X", "% x", "%d", "%-99v"}

// verbs are all that fmt knows but %p and %T, with which it never asks a value how to print itself.
var verbs = append([]string{"%t", "%b", "%o", "%c", "%U", "%e", "%9.3f"}, usual...)

// renderings returns v in every way in which a program prints, logs or marshals a value: alone, in a slice,
// a map, a struct and behind a pointer.
func renderings(t *testing.T, v any) map[string]string {
	t.Helper()
	all := map[string]string{}
	for place, v := range map[string]any{
		"alone": v, "pointer": &v, "slice": []any{v}, "map": map[string]any{"k": v}, "struct": struct{ V any }{v},
	} {
		for _, verb := range usual {
			all[place+" under "+verb] = fmt.Sprintf(verb, v)
		}
		all[place+" printed"] = fmt.Sprint(v)
		b, err := json.Marshal(v)
		require.NoError(t, err)
		all[place+" as JSON"] = string(b)

		var text, lines bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&lines, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
		all[place+" in a text log"], all[place+" in a JSON log"] = text.String(), lines.String()
	}
	return all
}

// canary is a planted secret.
const canary = "s3cr3t-c4n4ry"

// spellings are the ways in which fmt and the encoders write a text or its bytes.
func spellings(secret string) map[string]string {
	b := []byte(secret)
	list := func(verb string) string { return strings.Trim(fmt.Sprintf(verb, b), "[]") }
	all := map[string]string{
		"plain": secret, "hex": fmt.Sprintf("%x", b), "HEX": fmt.Sprintf("%X", b), "spaced hex": fmt.Sprintf("% x", b),
		"decimal": list("%d"), "octal": list("%o"), "binary": list("%b"), "code points": list("%U"),
		"decimal with commas": strings.ReplaceAll(list("%d"), " ", ", "),
		"Go syntax":           strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"),
	}
	for shift := range 3 { // base64 takes three bytes at a time, and the secret may begin at any
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), b...))
		all[fmt.Sprint("base64 + ", shift)] = text[4 : len(text)-4]
	}
	return all
}

// assertHidden checks that the canary is in none of the renderings of v, in no spelling.
func assertHidden(t *testing.T, v any) {
	t.Helper()
	var leaks []string
	for how, text := range renderings(t, v) {
		for spelling, secret := range spellings(canary) {
			if strings.Contains(text, secret) {
				leaks = append(leaks, how+": "+spelling)
			}
		}
	}
	slices.Sort(leaks)
	assert.Empty(t, leaks, "%T shows its secret", v)
}

// assertOneLine checks that a text can go to a terminal or a log file as it is: printable, without
// line breaks, escape sequences and marks that turn the direction of writing.
func assertOneLine(t assert.TestingT, s string) {
	assert.True(t, utf8.ValidString(s), "%q is not UTF-8", s)
	assert.Equal(t, -1, strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }), "%q is not one printable line", s)
}
