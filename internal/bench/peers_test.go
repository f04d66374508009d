package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

const (
	userAgent    = "Bench/v1 (Worktime)"
	clockingPath = basePath + "/clockings/18601"
)

// client is one way of reading clockings.
type client interface {
	// walk reads all pages; it calls item with each clocking, and page after the last one of each page.
	walk(ctx context.Context, item func(protime.Clocking), page func()) error
	// get reads one clocking.
	get(ctx context.Context) (protime.Clocking, error)
}

// discard is the limit: it knows all URLs beforehand, sends the bare request and decodes nothing.
type discard struct {
	url       string
	transport http.RoundTripper
	sink      io.Writer // io.Discard, but for the check of what arrives
}

func (c discard) walk(ctx context.Context, _ func(protime.Clocking), page func()) error {
	for n := range pages {
		if err := c.read(ctx, escapeLink(pageLink(n))); err != nil {
			return err
		}
		page()
	}
	return nil
}

func (c discard) get(ctx context.Context) (protime.Clocking, error) {
	return protime.Clocking{}, c.read(ctx, clockingPath)
}

func (c discard) read(ctx context.Context, path string) error {
	req, err := newRequest(ctx, c.url+path)
	if err != nil {
		return err
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	_, err = io.Copy(c.sink, resp.Body)
	return err
}

func newRequest(ctx context.Context, url string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err == nil {
		req.Header["Accept"] = []string{"application/json"}
		req.Header["Authorization"] = []string{"Bearer " + bearer}
		req.Header["User-Agent"] = []string{userAgent}
	}
	return req, err
}

// byHand is what one writes without an SDK: http.Client, encoding/json and a loop. It has a token that never
// expires, no retries and no limits.
type byHand struct {
	url  string
	http *http.Client
}

func (c byHand) walk(ctx context.Context, item func(protime.Clocking), page func()) error {
	for link := pageLink(0); link != ""; {
		var list envelope
		if err := c.read(ctx, escapeLink(link), &list); err != nil {
			return err
		}
		for _, v := range list.Value {
			item(v)
		}
		page()
		link = ""
		if list.NextLink != nil {
			link = *list.NextLink
		}
	}
	return nil
}

func (c byHand) get(ctx context.Context) (v protime.Clocking, err error) {
	return v, c.read(ctx, clockingPath, &v)
}

func (c byHand) read(ctx context.Context, path string, out any) error {
	req, err := newRequest(ctx, c.url+path)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// azure is a client on the pipeline of the Azure SDK with its default policies and its bearer token policy.
type azure struct {
	url      string
	pipeline runtime.Pipeline
}

func newAzure(url string, transport http.RoundTripper, credential azcore.TokenCredential) azure {
	token := runtime.NewBearerTokenPolicy(credential, []string{"clockings"}, &policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: true})
	return azure{url, runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{PerRetry: []policy.Policy{token}},
		&policy.ClientOptions{Transport: &http.Client{Transport: transport}})}
}

// credential makes a credential of a function.
type credential func(ctx context.Context) (azcore.AccessToken, error)

func (f credential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f(ctx)
}

func staticCredential(context.Context) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: bearer, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (c azure) walk(ctx context.Context, item func(protime.Clocking), page func()) error {
	pager := runtime.NewPager(runtime.PagingHandler[envelope]{
		More: func(last envelope) bool { return last.NextLink != nil },
		Fetcher: func(ctx context.Context, last *envelope) (list envelope, err error) {
			next := ""
			if last != nil {
				next = c.url + *last.NextLink
			}
			resp, err := runtime.FetcherForNextLink(ctx, c.pipeline, next, func(ctx context.Context) (*policy.Request, error) {
				return c.newRequest(ctx, escapeLink(pageLink(0)))
			}, nil)
			if err != nil {
				return list, err
			}
			return list, runtime.UnmarshalAsJSON(resp, &list)
		},
	})
	for pager.More() {
		list, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, v := range list.Value {
			item(v)
		}
		page()
	}
	return nil
}

func (c azure) get(ctx context.Context) (v protime.Clocking, err error) {
	req, err := c.newRequest(ctx, clockingPath)
	if err != nil {
		return v, err
	}
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return v, err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return v, runtime.NewResponseError(resp)
	}
	return v, runtime.UnmarshalAsJSON(resp, &v)
}

func (c azure) newRequest(ctx context.Context, path string) (*policy.Request, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, c.url+path)
	if err == nil {
		req.Raw().Header["Accept"] = []string{"application/json"}
	}
	return req, err
}

// ours is the client of this module.
type ours struct{ client *protime.Client }

func newProtime(url string, transport http.RoundTripper, change func(*protime.Config)) (*protime.Client, error) {
	config := protime.Config{
		Tenant: tenant, ClientID: "bench", ClientSecret: "a secret", APIURL: url, AuthURL: url,
		Options: worktime.Options{UserAgent: userAgent, HTTPClient: &http.Client{Transport: transport}},
	}
	if change != nil {
		change(&config)
	}
	return protime.NewClient(config)
}

func (c ours) walk(ctx context.Context, item func(protime.Clocking), page func()) error {
	n := 0
	for v, err := range c.client.Clockings.All(ctx, protime.ClockingQuery{From: from(), To: to()}) {
		if err != nil {
			return err
		}
		item(v)
		if n++; n%pageSize == 0 {
			page()
		}
	}
	return nil
}

func (c ours) get(ctx context.Context) (protime.Clocking, error) {
	return c.client.Clockings.Get(ctx, 18601)
}
