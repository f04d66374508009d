package timeneye

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// CustomerClient is a client in Timeneye's sense: a customer, whom projects are for. ([Client] is
// the one that speaks to the API.)
//
// See https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
type CustomerClient struct {
	ID   int64  `json:"client_id,omitzero"` // 0: the vendor did not tell
	Name string `json:"name,omitzero"`
	// Raw is the client as it came, with the members that are not known here.
	Raw json.RawMessage `json:"-"`
}

// NewCustomerClient is a client to be created. Name is required; what else can be set is not
// documented.
type NewCustomerClient struct {
	Name string `json:"name"`
}

// ClientService creates clients: customers.
type ClientService struct{ client *rest.Client }

var createClient = rest.Op{Name: "create client", Class: transport.Once, Method: http.MethodPost, Path: "/clients"}

// Create adds a client. Members may not: that is [worktime.ErrForbidden], and nothing was created. What the answer holds is
// not documented: the ID is 0 if it has none. It is sent again only if Timeneye provably did not
// act; [worktime.ErrUnknownOutcome] means that the client may have been created.
//
// See [POST /clients].
//
// [POST /clients]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op POST /clients
func (s *ClientService) Create(ctx context.Context, client NewCustomerClient) (CustomerClient, error) {
	if strings.TrimSpace(client.Name) == "" {
		return CustomerClient{}, badField("NewCustomerClient.Name", "is required")
	}
	out := CustomerClient{Name: client.Name}
	err := s.client.Send(ctx, createClient, nil, client, func(a rest.Answer) (err error) {
		out.Raw, err = readCreated(a, "client", func(f *fields) {
			f.id("id", &out.ID) // which of the two is sent is not documented
			f.id("client_id", &out.ID)
			f.text("name", &out.Name)
		})
		return err
	})
	if err != nil {
		return CustomerClient{}, err
	}
	return out, nil
}
