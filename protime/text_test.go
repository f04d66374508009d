package protime

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextFor(t *testing.T) {
	text := Text{Default: "Blue collar worker", Translations: map[string]string{
		"en-GB": "Blue-collar worker", "fr-FR": "Ouvrier", "fr-BE": "Ouvrier (BE)", "nl": "Arbeider", "nl-NL": "Werkman", "de-DE": "", "de-AT": "Arbeiter",
	}}
	for culture, want := range map[string]string{
		"en-GB": "Blue-collar worker",
		"EN-gb": "Blue-collar worker",
		"en-US": "Blue-collar worker", // the same language
		"en":    "Blue-collar worker",
		"fr-FR": "Ouvrier",
		"fr":    "Ouvrier (BE)", // the first of several, not a random one
		"nl-NL": "Werkman",
		"nl-BE": "Arbeider",
		"de-DE": "Arbeiter", // an empty translation is none
		"it-IT": "Blue collar worker",
		"e":     "Blue collar worker",
		"":      "Blue collar worker",
	} {
		assert.Equal(t, want, text.For(culture), culture)
	}
	assert.Equal(t, "Blue collar worker", text.String())
	assert.Empty(t, Text{}.For("en"))
}

func TestTextJSON(t *testing.T) {
	for body, want := range map[string]Text{
		`{"default":"a","translations":{"en-GB":"b"}}`:  {"a", map[string]string{"en-GB": "b"}},
		`{"default":"a","translations":{"en-GB":null}}`: {"a", map[string]string{"en-GB": ""}},
		`{"default":"a","translations":null}`:           {Default: "a"},
		`{"default":"a","translations":"b"}`:            {Default: "a"},
		`{"default":"a"}`:                               {Default: "a"},
		`{"default":null,"other":1}`:                    {},
		`"plain"`:                                       {Default: "plain"},
		`null`:                                          {},
	} {
		got := Text{Default: "before"}
		require.NoError(t, json.Unmarshal([]byte(body), &got), body)
		assert.Equal(t, want, got, body)
		// What was read can be stored and read again.
		stored, err := json.Marshal(got)
		require.NoError(t, err)
		var again Text
		require.NoError(t, json.Unmarshal(stored, &again))
		assert.Equal(t, want, again)
	}
	for _, body := range []string{`7`, `[]`, `{"default":7}`, `{"translations":{"en":7}}`} {
		require.Error(t, json.Unmarshal([]byte(body), new(Text)), body)
	}
}
