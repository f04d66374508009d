package protimetest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// The exchange of https://documentation.myprotime.eu/protimeapi/how-to/authenticate/
func TestTokenExchange(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithTokenLifetime(1799*time.Second))
	c := &caller{t: t, srv: srv} // without a User-Agent: it is demanded of API calls
	const form = "grant_type=client_credentials&client_id=protimetest&client_secret=protimetest-secret"
	r := c.token(form + "&scope=" + read)
	require.Equal(t, 200, r.status)
	token := r.json()["access_token"]
	assert.NotEmpty(t, token)
	assert.Equal(t, map[string]any{"access_token": token, "expires_in": 1799.0, "token_type": "Bearer", "scope": read}, r.json())
	all, _ := c.token(form).json()["scope"].(string)
	assert.Subset(t, strings.Fields(all), strings.Fields(both), "without a scope the token has all that the client may have")

	r = c.token(strings.Replace(form, "protimetest-secret", "wrong", 1))
	assert.Equal(t, []any{400, "invalid_client"}, []any{r.status, r.json()["error"]})
	assert.Equal(t, "invalid_scope", c.token(form + "&scope=connector-protimeapi-people.write").json()["error"])
	assert.Equal(t, "unsupported_grant_type", c.token(strings.Replace(form, "client_credentials", "password", 1)).json()["error"])
	assert.Equal(t, 404, c.do("POST", srv.AuthURL()+"/tenants/other/connect/token", "application/x-www-form-urlencoded", form).status)
	assert.Equal(t, 404, c.do("GET", srv.AuthURL()+base+"/clockings", "", "").status, "the API is another origin")
	c.header = map[string][]string{"User-Agent": {"A/1 (B)"}}
	assert.Equal(t, 401, c.do("POST", srv.URL()+"/tenants/acme/connect/token", "application/x-www-form-urlencoded", form).status)
	assert.Equal(t, [2]int{7, 1}, [2]int{srv.TokenRequests(), srv.APIRequests()})
}

func TestVendorHosts(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithTenant("beta"), protimetest.WithCredentials("me", "s3cret"),
		protimetest.WithClockings(on(1, 2, 510)))
	config := srv.Config()
	assert.Equal(t, []string{"beta", "me", "s3cret"}, []string{config.Tenant, config.ClientID, config.ClientSecret})
	config.APIURL, config.AuthURL = "", ""
	client := newClient(t, config)
	_, err := client.Clockings.Get(t.Context(), 1)
	require.NoError(t, err)
	all := srv.Requests()
	assert.Equal(t, []any{"authentication.myprotime.eu", true}, []any{all[0].Host, all[0].Token})
	assert.Equal(t, []any{"beta.myprotime.eu", false}, []any{all[1].Host, all[1].Token})
}

func TestUnauthorized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510)))
		c := newCaller(t, srv, both)
		valid := c.header.Get("Authorization")
		for _, value := range []string{"", "Bearer", "Bearer x", valid + "x", strings.Replace(valid, "Bearer", "Basic", 1)} {
			c.header.Set("Authorization", value)
			r := c.get("/clockings/1")
			refused(t, r, 401, "Unauthorized", "")
			assert.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer", "RFC 6750, section 3")
		}
		c.header.Set("Authorization", valid)
		time.Sleep(30*time.Minute - time.Second)
		assert.Equal(t, 200, c.get("/clockings/1").status)
		time.Sleep(time.Second)
		assert.Equal(t, 401, c.get("/clockings/1").status, "expired")

		c = newCaller(t, srv, both)
		assert.Equal(t, 200, c.get("/clockings/1").status)
		srv.RevokeTokens()
		assert.Equal(t, 401, c.get("/clockings/1").status, "revoked")
	})
}

func TestScopes(t *testing.T) {
	srv := protimetest.NewServer(t)
	reader := newCaller(t, srv, read)
	assert.Equal(t, 200, reader.get("/clockings"+january).status)
	assert.Equal(t, 404, reader.get("/clockings/1").status)
	refused(t, reader.post(`{}`), 403, "Forbidden", "clockings.write")
	writer := newCaller(t, srv, "connector-protimeapi-clockings.write")
	refused(t, writer.get("/clockings"+january), 403, "Forbidden", "clockings.read")
	refused(t, writer.get("/clockings/1"), 403, "Forbidden", "clockings.read")
	assert.Equal(t, 400, writer.post(`{}`).status)
}

func TestUserAgent(t *testing.T) {
	srv := protimetest.NewServer(t)
	c := newCaller(t, srv, both)
	for value, ok := range map[string]bool{
		"PeopleSyncService/v1 (Acme Corp)": true,
		"YourService/v1 (YourCompany)":     true,
		"Two Words/2.1 (B)":                true,
		"":                                 false,
		"Go-http-client/1.1":               false,
		"curl/8.0.1":                       false,
		"PeopleSync (Acme)":                false,
		"PeopleSync/v1 Acme":               false,
		"PeopleSync/v1 ()":                 false,
		"PeopleSync/v1(Acme)":              false,
		"/v1 (Acme)":                       false,
		"PeopleSync/ (Acme)":               false,
		"PeopleSync/v1 (Acme) more":        false,
	} {
		c.header.Set("User-Agent", value)
		r := c.get("/clockings" + january)
		if ok {
			assert.Equal(t, 200, r.status, value)
		} else {
			refused(t, r, 400, "BadRequest", "User-Agent")
		}
	}
}

// The client renews its token in time, without a 401 and without a pause of the test.
func TestClientOverDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510)))
		client := newClient(t, srv.Config())
		for range 48 {
			_, err := client.Clockings.Get(t.Context(), 1)
			require.NoError(t, err)
			time.Sleep(time.Hour)
		}
		assert.Equal(t, 48, srv.APIRequests(), "a 401 costs another request")
		assert.Equal(t, 48, srv.TokenRequests())

		srv.RevokeTokens()
		_, err := client.Clockings.Get(t.Context(), 1)
		require.NoError(t, err)
		srv.RevokeTokens()
		_, err = client.Clockings.Get(t.Context(), 1)
		require.NoError(t, err)
		assert.Equal(t, 51, srv.APIRequests(), "one was answered with 401")
		assert.Equal(t, 50, srv.TokenRequests())
	})
}

func TestTokenLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithTokenLimit(1, 20*time.Second), protimetest.WithClockings(on(1, 2, 510)))
		first, second := newClient(t, srv.Config()), newClient(t, srv.Config())
		began := time.Now()
		_, err := first.Clockings.Get(t.Context(), 1)
		require.NoError(t, err)
		_, err = second.Clockings.Get(t.Context(), 1)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(began), 20*time.Second)
		assert.Equal(t, 3, srv.TokenRequests())

		c := newCaller(t, protimetest.NewServer(t, protimetest.WithTokenLimit(1, 20*time.Second)), both)
		r := c.token("")
		assert.Equal(t, []any{429, "20"}, []any{r.status, r.header.Get("Retry-After")})
	})
}

func TestWrongSecret(t *testing.T) {
	srv := protimetest.NewServer(t)
	config := srv.Config()
	config.ClientSecret = "wrong"
	_, err := newClient(t, config).Clockings.Get(t.Context(), 1)
	var auth *worktime.AuthError
	require.ErrorAs(t, err, &auth)
	assert.Equal(t, "invalid_client", auth.Code)
	assert.ErrorIs(t, err, worktime.ErrUnauthorized)
	assert.Zero(t, srv.APIRequests())

	config = srv.Config()
	config.Scopes = []protime.Scope{protime.ScopeClockingsRead}
	client := newClient(t, config)
	_, err = client.Clockings.Create(t.Context(), protime.NewClocking{Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 1), Kind: protime.ClockingInOut})
	assert.ErrorIs(t, err, worktime.ErrForbidden)
}
