package auth

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// On a machine without a browser the person copies the address from another one.
func TestPastedAddress(t *testing.T) {
	for name, c := range map[string]struct {
		open      func(testing.TB, ...func(*loginServer)) *loginServer
		mode      string
		separator string
	}{
		"hybrid": {newHybrid, "fragment", "#"}, "hybrid, by query": {newHybrid, "fragment", "?"}, "a code": {newPKCE, "", "?"},
		"a code asked for as a form": {func(t testing.TB, changes ...func(*loginServer)) *loginServer {
			return newPKCE(t, append(changes, func(s *loginServer) { s.flow.ResponseMode = "form_post" })...)
		}, "query", "?"},
	} {
		t.Run(name, func(t *testing.T) {
			pastes := make(chan string, 10)
			asked := 0
			s := c.open(t, anyPort, func(s *loginServer) {
				s.flow.Paste = func(ctx context.Context) (string, error) {
					asked++
					select {
					case pasted := <-pastes:
						return pasted, nil
					case <-ctx.Done():
						return "", ctx.Err()
					}
				}
			})
			s.logins.flow.Open = func(_ context.Context, address string) error {
				query := mustURL(t, address).Query()
				assert.Equal(t, c.mode, query.Get("response_mode"), "what is to be copied must be in the address")
				answer := s.logIn(t, address)
				for _, wrong := range []string{"", "nonsense", "http://%", address, query.Get("redirect_uri"), query.Get("redirect_uri") + "?" + with(answer, map[string][]string{"state": {"x"}}).Encode()} {
					pastes <- wrong
				}
				pastes <- "  " + query.Get("redirect_uri") + c.separator + answer.Encode() + "\n"
				return errors.New("there is no browser here") // as it happens
			}
			require.NoError(t, s.logins.Run(t.Context(), ""))
			assert.Equal(t, 7, asked)
			_, err := s.stored("")
			require.NoError(t, err)
		})
	}
	t.Run("the browser is quicker", func(t *testing.T) {
		ended := make(chan struct{})
		p := start(t, newPKCE(t, anyPort, func(s *loginServer) {
			s.flow.Paste = func(ctx context.Context) (string, error) { <-ctx.Done(); close(ended); return "", ctx.Err() }
		}))
		p.browse(t, "GET", "/callback?"+p.answer.Encode(), "")
		<-ended
		p.browse(t, "GET", "/callback", "")
		require.NoError(t, <-p.done)
	})
	t.Run("somebody who pastes nothing for ever, or panics", func(t *testing.T) {
		for _, paste := range []func(context.Context) (string, error){
			func(context.Context) (string, error) { return "", nil },
			func(context.Context) (string, error) { return "", io.EOF },
			func(context.Context) (string, error) { panic("x") },
		} {
			p := start(t, newPKCE(t, anyPort, func(s *loginServer) { s.flow.Paste = paste }))
			p.browse(t, "GET", "/callback?"+p.answer.Encode(), "")
			p.browse(t, "GET", "/callback", "")
			require.NoError(t, <-p.done)
		}
	})
}
