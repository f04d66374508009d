package fake

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// Visit gets a page as a browser does, but does not follow where that sends it: the location, nil if there is none.
func (s *Server) Visit(ctx context.Context, address string) (page Answer, location *url.URL, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page, nil, err
	}
	client := *s.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return page, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	page = Answer{Status: resp.StatusCode, Header: resp.Header}
	if page.Body, err = io.ReadAll(resp.Body); err != nil {
		return page, nil, err
	}
	location, _ = resp.Location()
	return page, location, nil
}
