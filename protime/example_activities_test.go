package protime_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// A usage lets somebody register on an activity. It has no id: to change it, say what it is.
func ExampleUsageService_Update() {
	ctx := context.Background()
	server, client := start(protimetest.WithObjects("activity-definitions", protime.ActivityDefinition{
		ID: "38fc2206", StructureVersion: "0f5e", Level: 1, Name: protime.Text{Default: "Painting"}, DataEntryCode: "100",
	}))
	defer server.Close()
	defer client.Close(ctx)

	level := protime.StructureLevel{Version: "0f5e", Level: 1}
	painting := protime.DefinitionByExternal("@data-entry-code", "100")
	usage := protime.Usage{Kind: protime.UsagePerson, Reference: protime.ByID(1), From: worktime.NewDate(2026, time.January, 1)}
	if err := client.Usages.Create(ctx, level, painting, usage); err != nil {
		fmt.Println(err)
		return
	}

	// The painting is done in June. The usage has no end until now, so that OriginalUntil stays zero.
	err := client.Usages.Update(ctx, level, painting, protime.UsageChange{
		Kind: usage.Kind, Reference: usage.Reference, OriginalFrom: usage.From, OriginalUntil: usage.Until,
		UpdatedFrom: usage.From, UpdatedUntil: worktime.NewDate(2026, time.June, 30),
	})
	switch {
	case errors.Is(err, worktime.ErrUnknownOutcome):
		fmt.Println("get the usages and see") // a second attempt would not find the old key
		return
	case err != nil:
		fmt.Println(err)
		return
	}

	all, err := client.Usages.Get(ctx, level, painting)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range all.Usages {
		fmt.Println(u.Kind, u.Reference.ID, u.From, u.Until)
	}
	// Output:
	// Person 1 2026-01-01 2026-06-30
}

// startUndocumented is a Protime with what no page describes; the shapes are made up.
func startUndocumented() (*httptest.Server, *protime.Client) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("POST /tenants/acme/connect/token", answer(http.StatusOK, `{"access_token":"t","expires_in":1800,"token_type":"Bearer"}`))
	mux.Handle("GET /connector/protimeapi/api/v1/terminals", answer(http.StatusOK, `{"value":[{"id":42,"name":"Gate"}]}`))
	mux.Handle("POST /connector/protimeapi/api/v1/external-references", answer(http.StatusCreated, ``))
	server := httptest.NewServer(mux)
	client, err := protime.NewClient(protime.Config{
		Tenant: "acme", ClientID: "id", ClientSecret: "secret", APIURL: server.URL, AuthURL: server.URL,
		Options: worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)"},
	})
	if err != nil {
		panic(err)
	}
	return server, client
}

// Terminals and the management of custom external references exist, but the vendor's pages do not
// describe them. [protime.Client.Do] calls what has no typed method, with the same token, retries
// and errors. Take paths and members from the Swagger page of your tenant: those here are made up.
func ExampleClient_Do() {
	ctx := context.Background()
	server, client := startUndocumented()
	defer server.Close()
	defer client.Close(ctx)

	var terminals struct {
		Value []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"value"`
	}
	if err := client.Do(ctx, worktime.Request{Path: "/terminals"}, &terminals); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(terminals.Value[0].ID, terminals.Value[0].Name)

	// A POST is sent again only if Protime provably did not act; Idempotent says that it may be
	// sent again in any case.
	var body []byte // the answer as it is
	err := client.Do(ctx, worktime.Request{
		Method: http.MethodPost, Path: "/external-references", Idempotent: true,
		Body: map[string]any{"collection": "people", "id": 1, "name": "HRMID", "value": "E-4821"},
	}, &body)
	fmt.Println(len(body), err)
	// Output:
	// 42 Gate
	// 0 <nil>
}
