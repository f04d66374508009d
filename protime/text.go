package protime

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Text is a name or a code in the languages of the tenant.
type Text struct {
	Default string `json:"default"`
	// Translations are by culture ("en-GB"). A tenant may have any of them or none.
	Translations map[string]string `json:"translations,omitempty"`
}

// For returns the text in a language: that of the culture itself ("nl-BE", in any casing), else
// one in the same language ("nl", or the first of "nl-…"), else the default. A translation
// without text counts as none.
func (t Text) For(culture string) string {
	language := languageOf(culture)
	exact, same := "", ""
	for _, key := range slices.Sorted(maps.Keys(t.Translations)) {
		text := t.Translations[key]
		switch {
		case text == "":
		case exact == "" && strings.EqualFold(key, culture):
			exact = text
		// "nl" sorts before "nl-…".
		case same == "" && strings.EqualFold(languageOf(key), language):
			same = text
		}
	}
	switch {
	case exact != "":
		return exact
	case same != "":
		return same
	}
	return t.Default
}

// languageOf returns the language of a culture: the first subtag (RFC 5646, section 2.1).
func languageOf(culture string) string {
	language, _, _ := strings.Cut(culture, "-")
	return language
}

// String returns the default text.
func (t Text) String() string { return t.Default }

// UnmarshalJSON implements [json.Unmarshaler]. A plain string is taken for the default, since
// the reference does not say of all names whether they have translations; and translations
// that are no object, as an older page types them, for none.
func (t *Text) UnmarshalJSON(data []byte) error {
	*t = Text{}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &t.Default)
	}
	var text struct {
		Default      string          `json:"default"`
		Translations json.RawMessage `json:"translations"`
	}
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	t.Default = text.Default
	if len(text.Translations) > 0 && text.Translations[0] == '{' {
		return json.Unmarshal(text.Translations, &t.Translations)
	}
	return nil
}
