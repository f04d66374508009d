package auth

import (
	"strings"
	"testing"
	"time"
)

// FuzzReadToken: whatever a server answers, there is an error or a token that a header may have,
// with a life that lies ahead; and the error repeats nothing of the answer.
func FuzzReadToken(f *testing.F) {
	for _, answers := range []map[string]string{goodAnswers, badAnswers} {
		for _, body := range answers {
			if len(body) < 4096 {
				f.Add([]byte(body))
			}
		}
	}
	for value := range lifetimes {
		f.Add([]byte(`{"access_token":"a","expires_in":` + value + `}`))
	}
	for _, c := range failures {
		f.Add([]byte(c.body))
	}
	asked := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		record, err := readToken(body, asked, assumed)
		if err != nil {
			if len(err.Error()) > 100 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("the error repeats the answer: %q", err)
			}
			return
		}
		if record.AccessToken == "" || strings.ContainsFunc(record.AccessToken, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("token %q", record.AccessToken)
		}
		if record.TokenType != "" && !strings.EqualFold(record.TokenType, "bearer") {
			t.Fatalf("token type %q", record.TokenType)
		}
		if !record.IssuedAt.Equal(asked) {
			t.Fatalf("issued at %v", record.IssuedAt)
		}
		if life := record.Expiry.Sub(asked); life < 0 || life > maxLifetime {
			t.Fatalf("lifetime %v", life)
		}
		tok := newToken(*record)
		if tok.soft.After(tok.hard) || tok.hard.After(tok.expiry) || tok.soft.Before(asked) {
			t.Fatalf("thresholds %v, %v, %v", tok.soft, tok.hard, tok.expiry)
		}
		if tok.header != "Bearer "+record.AccessToken {
			t.Fatalf("header %q", tok.header)
		}
	})
}
