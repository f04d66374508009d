package conformance

import (
	"net/http"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

var answerPromises = map[string]func(*scene){
	"what is not understood is an error": func(s *scene) {
		client := s.start(defaultSeed, func(o *worktime.Options) { o.MaxResponseBytes = 1 << 20 })
		for name, c := range map[string]struct {
			fault fake.Fault
			is    error
		}{
			"the page of a proxy": {fake.HTML(200), worktime.ErrBadResponse},
			"malformed":           {fake.Malformed(), worktime.ErrBadResponse},
			"nothing":             {fake.Reply(200, "application/json", ""), worktime.ErrBadResponse},
			"a list of nothing":   {fake.Reply(200, "application/json", "[1"), worktime.ErrBadResponse},
			"another type":        {fake.Handled().Header("Content-Type", "text/plain"), worktime.ErrBadResponse},
			"a gigabyte":          {fake.HugeBody(1 << 30), worktime.ErrTooLarge},
			"a gzip bomb":         {fake.GzipBomb(1 << 30), worktime.ErrTooLarge},
		} {
			s.Fail(c.fault)
			before := s.APIRequests()
			err := client.Get(s.Context())
			require.ErrorIs(s.T, err, c.is, name)
			var e *worktime.Error
			require.ErrorAs(s.T, err, &e, name)
			assert.Equal(s.T, 200, e.StatusCode, name)
			assert.Equal(s.T, before+1, s.APIRequests(), "%s: it would be the same again", name)
		}
	},
	"a write that was answered with nonsense may be booked": func(s *scene) {
		client := s.start(defaultSeed, nil)
		s.Fail(fake.HTML(200))
		require.ErrorIs(s.T, client.Book(s.Context()), worktime.ErrUnknownOutcome)
	},
	"the caller's http.Client is not modified": func(s *scene) {
		var given *http.Client
		client := s.start(defaultSeed, func(o *worktime.Options) { given = o.HTTPClient })
		before := *given
		require.NoError(s.T, client.Get(s.Context()))
		assert.Equal(s.T, before, *given)
	},
}
