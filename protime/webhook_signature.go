package protime

import (
	"crypto"
	"crypto/hmac"
	_ "crypto/sha256" // for crypto.Hash.New
	_ "crypto/sha512"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// WebhookSignature says how Protime signs events: with an HMAC (RFC 2104) under the webhook's
// private key. The rest is on a page of the vendor for its customers, so nothing here
// has a default: take each from there.
//
// See https://documentation.myprotime.eu/protimeapi/reference/webhooks/
type WebhookSignature struct {
	// Header is the name of the header field that holds the signature.
	Header string
	// Hash is crypto.SHA256, crypto.SHA384 or crypto.SHA512.
	Hash crypto.Hash
	// Decode reads the value of the header field: hex.DecodeString, or
	// base64.StdEncoding.DecodeString, or a function that takes off a prefix first.
	Decode func(value string) ([]byte, error)
	// Signed returns what was signed: [SignedBody] if that is the body alone. An error refuses
	// the delivery: if a time is signed too, compare it here, within some minutes. The body
	// of r has been read, and is only valid until Signed returns.
	Signed func(r *http.Request, body []byte) ([]byte, error)
}

// SignedBody is the [WebhookSignature.Signed] of signatures over the body and nothing else.
func SignedBody(_ *http.Request, body []byte) ([]byte, error) { return body, nil }

func (s WebhookSignature) check() error {
	switch {
	case !fieldName(s.Header):
		return badField("WebhookConfig.Signature.Header", "must be the name of a header field: see the vendor's page on webhooks")
	case s.Hash != crypto.SHA256 && s.Hash != crypto.SHA384 && s.Hash != crypto.SHA512:
		return badField("WebhookConfig.Signature.Hash", "must be crypto.SHA256, crypto.SHA384 or crypto.SHA512")
	case s.Decode == nil:
		return badField("WebhookConfig.Signature.Decode", "is required: hex.DecodeString, for example")
	case s.Signed == nil:
		return badField("WebhookConfig.Signature.Signed", "is required: SignedBody, for example")
	}
	return nil
}

// fieldName reports whether s is a token (RFC 9110, section 5.6.2).
func fieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) })
}

// claimed returns the signature that came with a request.
func (s WebhookSignature) claimed(r *http.Request) ([]byte, error) {
	values := r.Header.Values(s.Header)
	if len(values) != 1 {
		return nil, fmt.Errorf("%d signatures", len(values))
	}
	claimed, err := s.Decode(values[0])
	if err != nil {
		return nil, errors.New("a signature that cannot be decoded") // err may quote it
	}
	if len(claimed) != s.Hash.Size() {
		return nil, errors.New("a signature of another length than its hash")
	}
	return claimed, nil
}

// verify reports whether one of the keys made the signature. All are tried, whichever it was.
func (s WebhookSignature) verify(r *http.Request, body, claimed []byte, keys []WebhookSecret) error {
	signed, err := s.Signed(r, body)
	if err != nil {
		return fmt.Errorf("what is signed: %w", err)
	}
	ok := false
	for _, key := range keys {
		mac := hmac.New(s.Hash.New, []byte(key))
		mac.Write(signed)
		ok = hmac.Equal(mac.Sum(nil), claimed) || ok
	}
	if !ok {
		return errors.New("a signature of no known key")
	}
	return nil
}
