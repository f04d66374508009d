package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/worktime-go/worktime/protime"
)

// secretPath is the form of a path that nobody can guess: 32 hexadecimal digits would be 128 bits.
var secretPath = regexp.MustCompile(`^/[A-Za-z0-9/_-]{31,}$`)

func checkDestination(text string) error {
	u, err := url.Parse(text)
	if err != nil || !secretPath.MatchString(u.Path) || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("-destination: want a URL with a path of at least 32 letters, digits, slashes, dashes and underscores, and nothing after it")
	}
	return nil
}

// destination is where Protime posts the changes of a collection to.
func destination(f flags, name string) *url.URL {
	u, _ := url.Parse(f.destination) // was checked
	return u.JoinPath(name)
}

// receive has Protime post changes to this program. A change is taken as a hint only: it wakes
// a poll, which brings the truth. So deliveries are not signed, but come to a path that nobody
// can guess, and what a stranger could do is to cause a poll.
func receive(ctx context.Context, client *protime.Client, f flags, stderr io.Writer) (wake <-chan struct{}, stop func(), err error) {
	if f.listen == "" {
		return nil, func() {}, nil
	}
	woken := make(chan struct{}, 1)
	ring := func() {
		select {
		case woken <- struct{}{}:
		default: // a poll is due already
		}
	}
	mux := http.NewServeMux()
	for _, c := range f.collections {
		path := destination(f, c.name).Path
		handler, err := c.follow(client).receiver(protime.WebhookSecret(path), ring)
		if err != nil {
			return nil, nil, err
		}
		mux.Handle("POST "+path, handler)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(listener) }) // until it is closed
	for _, c := range f.collections {
		group.Go(func() { subscribe(ctx, client, c.name, f, ring, stderr) })
	}
	return woken, func() {
		cancel()
		_ = server.Close()
		group.Wait()
	}, nil
}

// subscribe keeps a webhook of a collection alive. Its id is kept in a file, for the next start.
func subscribe(ctx context.Context, client *protime.Client, name string, f flags, ring func(), stderr io.Writer) {
	path := filepath.Join(f.dir, name+".webhook")
	id, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(stderr, "protime-sync:", err)
		return
	}
	subscription := protime.NewWebhook{DestinationURL: destination(f, name).String(), CollectionName: protime.WebhookCollection(name)}
	// After a start with another -destination the webhook of the last one delivers where nobody may be.
	if webhook, err := client.Webhooks.Get(ctx, protime.WebhookID(id)); err == nil && webhook.DestinationURL != subscription.DestinationURL {
		if err := client.Webhooks.Delete(ctx, webhook.ID); err != nil {
			fmt.Fprintln(stderr, "protime-sync:", err)
		}
		id = nil
	}
	err = protime.WebhookRenewal{
		Webhooks:     client.Webhooks,
		Subscription: subscription,
		ID:           protime.WebhookID(id),
		Created: func(_ context.Context, successor protime.CreatedWebhook) error {
			return replace(path, func(w io.Writer) error {
				_, err := io.WriteString(w, string(successor.ID))
				return err
			})
		},
		Resync: func(context.Context) error {
			ring()
			return nil
		},
	}.Run(ctx)
	if ctx.Err() == nil {
		fmt.Fprintln(stderr, "protime-sync:", err)
	}
}
