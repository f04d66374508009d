package tokenstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/worktime-go/worktime/tokenstore"
)

// Any number of programs may share the directory: each change is made by one of them at a time.
func ExampleFile() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	store := tokenstore.File(filepath.Join(parent, "tokens"))
	key := tokenstore.Grant{Vendor: "timelog", Issuer: "https://login.example", ClientID: "my-client"}.Key()

	err = store.Update(context.Background(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		// The stored record is up to date, and stays so until this function returns: now is the time to refresh.
		fmt.Println("logged in:", old != nil)
		return &tokenstore.Record{AccessToken: "s3cr3t", Issuer: "https://login.example", ClientID: "my-client", Generation: 1}, nil
	})
	if save, ok := errors.AsType[*tokenstore.SaveError](err); ok {
		fmt.Println("keep it in memory, and save it later:", save.Record)
	}

	record, err := store.Load(context.Background(), key)
	fmt.Println(record, err)
	// Output:
	// logged in: false
	// {issuer https://login.example, client my-client, scope "", generation 1, expiry 0001-01-01T00:00:00Z, tokens redacted} <nil>
}
