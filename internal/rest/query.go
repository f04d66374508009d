package rest

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-querystring/query"
)

// Values returns the parameters of a query: nil, [url.Values], or a struct with url tags.
func Values(q any) (url.Values, error) {
	switch q := q.(type) {
	case nil:
		return nil, nil
	case url.Values:
		return q, nil
	default:
		return query.Values(q)
	}
}

// Encode writes parameters sorted by name, in the way the vendors print them: a blank is
// %20, the characters ( ) , ' @ $ : stand as they are, and a parameter with an empty value
// is a bare flag.
func Encode(values url.Values) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			escape(&b, name, queryLiteral)
			if value != "" {
				b.WriteByte('=')
				escape(&b, value, queryLiteral)
			}
		}
	}
	return b.String()
}

func queryLiteral(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~(),'@$:", c) >= 0
}

const hex = "0123456789ABCDEF"

// escape writes s with every byte escaped that is not literal.
func escape(b *strings.Builder, s string, literal func(byte) bool) {
	for i := range len(s) {
		if c := s[i]; literal(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
