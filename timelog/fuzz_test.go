package timelog

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

var answers = []string{
	list(aUser, `{}`), single(aUser), aUser, `[` + aUser + `]`, `[{"Properties":{}}]`, `null`, `"OK"`, ``, `{}`, `[]`, ruleBody, fieldsBody, generalBody,
	`{"Properties":{"TotalRecord":"0"},"Entities":null}`, `{"Properties":{"TotalPage":3},"Entities":[{"Properties":null}]}`, `{"Entities":[null]}`,
	`{"error":{"code":"UnsupportedApiVersion"}}`, `{"Links":[{"Href":"/api/v1/user/7","Rel":"self"}],"UserID":"x"}`, `{"Properties":`, `<html>`,
}

// Whatever comes, reading it ends, and a list that was read has the rows that it goes on from.
func FuzzEnvelope(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ahead, err := decodeRows[User](body, rest.Sheet{Number: 1, Size: 5})
		if ahead.More && (err != nil || len(rows) == 0 && !ahead.Told) {
			t.Fatalf("%d rows, %v, and more to come", len(rows), err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("what is no JSON was taken for a list")
		}
		var user User
		if err := readOne(body, &user); err == nil && !json.Valid(body) {
			t.Fatal("what is no JSON was taken for an object")
		}
		if id := newID(body, "UserID"); id < 0 || id > 0 && kind(body) != '{' {
			t.Fatalf("%d is no id", id)
		}
	})
}

// A refusal must be the vendor's word: only an error object can make a write known.
func FuzzErrorBody(f *testing.F) {
	for _, a := range answers {
		f.Add(500, []byte(a))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		code, message, details := explain(body)
		if !json.Valid(body) && (code != "" || message != "" || details != nil) {
			t.Fatal("words out of what is no JSON")
		}
		outcome := classify(createUser, status, http.Header{}, body)
		if status != 500 && outcome != transport.ClassifyStatus(status) {
			t.Fatalf("status %d is %v", status, outcome)
		}
		_, ok := readFailure(body)
		if status == 500 && outcome != transport.Unavailable && (outcome != transport.Refused || !ok) {
			t.Fatalf("500 is %v", outcome)
		}
	})
}

func FuzzDateTime(f *testing.F) {
	for _, text := range []string{"2026-06-10T08:30:15.1234567", "2026-06-10", "0001-01-01T00:00:00", "", "2026-06-10T08:30:15+14:00", "9999-12-31T23:59:59Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDateTime(text)
		if err != nil {
			if !d.IsZero() {
				t.Fatal("an error with a value")
			}
			return
		}
		again, err := ParseDateTime(d.String())
		if err != nil || again != d {
			t.Fatalf("%q became %v, and that %v, %v", text, d, again, err)
		}
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var read DateTime
		if err := json.Unmarshal(data, &read); err != nil || read != d {
			t.Fatalf("%s became %v, %v", data, read, err)
		}
	})
}
