package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// transactionLife is how long a person has to log in. Second factors and forgotten passwords take
// their time; a form that was left open overnight is to be begun again.
const transactionLife = 30 * time.Minute

// Transaction is a login that was begun. It is bound to the login server and the client that it was
// begun for, good for one answer and for half an hour. It holds secrets: keep it where only the browser
// that was sent to log in leads to it, for example in the session of a web application. It does not
// show them when it is printed, logged or marshalled; to keep it, use Encode.
type Transaction struct {
	provider, issuer, clientID string
	account                    string
	redirectURI                string
	state, nonce, verifier     string // nonce and verifier may be empty
	begun                      time.Time
}

// Account returns the label of the account that logs in; empty for the client's own.
func (t Transaction) Account() string { return t.account }

// expiry is when it is too late for an answer.
func (t Transaction) expiry() time.Time { return t.begun.Add(transactionLife) }

// transactionVersion is that of the encoded form.
const transactionVersion = 1

type encodedTransaction struct {
	Version     int       `json:"version"`
	Provider    string    `json:"provider"`
	Issuer      string    `json:"issuer"`
	ClientID    string    `json:"client_id"`
	Account     string    `json:"account,omitempty"`
	RedirectURI string    `json:"redirect_uri"`
	State       string    `json:"state"`
	Nonce       string    `json:"nonce,omitempty"`
	Verifier    string    `json:"code_verifier,omitempty"`
	Begun       time.Time `json:"begun"`
}

// Encode returns the transaction as versioned JSON, secrets included.
func (t Transaction) Encode() ([]byte, error) {
	return json.Marshal(encodedTransaction{
		transactionVersion, t.provider, t.issuer, t.clientID, t.account, t.redirectURI, t.state, t.nonce, t.verifier, t.begun,
	})
}

// DecodeTransaction reads what [Transaction.Encode] wrote.
func DecodeTransaction(data []byte) (Transaction, error) {
	var e encodedTransaction
	// The error of encoding/json may quote the data, which is secret.
	if json.Unmarshal(data, &e) != nil || e.Version != transactionVersion || e.State == "" || e.RedirectURI == "" || e.Begun.IsZero() {
		return Transaction{}, errors.New("this is no login transaction, or one of another version of this program: begin the login again")
	}
	return Transaction{e.Provider, e.Issuer, e.ClientID, e.Account, e.RedirectURI, e.State, e.Nonce, e.Verifier, e.Begun}, nil
}

// String shows the transaction without its secrets.
func (t Transaction) String() string {
	return fmt.Sprintf("{login at %s, client %s, account %q, begun %s, secrets redacted}", t.issuer, t.clientID, t.account, t.begun.Format(time.RFC3339))
}

// Format implements [fmt.Formatter] with the text of String under every verb.
func (t Transaction) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue implements [slog.LogValuer] without the secrets.
func (t Transaction) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON implements [json.Marshaler] with the text of String; to keep a transaction use Encode.
func (t Transaction) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
