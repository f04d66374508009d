package protime

import (
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// The tokens in links are Base64 as it is, whose "+" servers read as a blank, also in links that have
// nothing else to escape.
func TestPlusInTokens(t *testing.T) {
	v := newVendor(t,
		answer{status: 200, body: `{"value": [], "nextLink": "/connector/protimeapi/api/v1/departments?continuationToken=a+b/c+d=&deltaToken=+e%2B"}`},
		answer{status: 200, body: `{"value": [], "deltaLink": "/connector/protimeapi/api/v1/delta/departments?deltaToken=+f+g=="}`},
		answer{status: 200, body: `{"value": [], "deltaLink": "/connector/protimeapi/api/v1/delta/departments?deltaToken=h"}`})
	client := v.client(t)
	feed := feedOf[ShiftDefinition, ShiftDefinitionQuery]("departments", "/departments")
	pages, err := worktime.Collect(changes(t.Context(), client.rest, feed, "", ShiftDefinitionQuery{}))
	require.NoError(t, err)
	require.Len(t, pages, 2)
	_, err = worktime.Collect(changes(t.Context(), client.rest, feed, pages[1].Cursor, ShiftDefinitionQuery{}))
	require.NoError(t, err)
	sent := v.api()
	require.Len(t, sent, 3)
	assert.Equal(t, "/connector/protimeapi/api/v1/departments?continuationToken=a%2Bb/c%2Bd=&deltaToken=%2Be%2B", sent[1].Target)
	assert.Equal(t, "/connector/protimeapi/api/v1/delta/departments?deltaToken=%2Bf%2Bg==", sent[2].Target)
}

// Whatever its status is, the refusal of a delta's link is a matter of beginning anew.
func TestDeltaExpiredAdvice(t *testing.T) {
	for _, status := range []int{400, 409, 410} {
		v := newVendor(t,
			answer{status: 200, body: `{"value": [], "deltaLink": "/connector/protimeapi/api/v1/delta/people?deltaToken=a"}`},
			answer{status: status, body: `{"error": {"code": "Gone", "message": "The delta token has expired"}}`})
		client := v.client(t)
		pages, err := worktime.Collect(client.People.Changes(t.Context(), "", PersonQuery{}))
		require.NoError(t, err)
		_, err = worktime.Collect(client.People.Changes(t.Context(), pages[0].Cursor, PersonQuery{}))
		require.ErrorIs(t, err, ErrDeltaExpired)
		require.ErrorIs(t, err, worktime.ErrCursorExpired)
		assert.ErrorContains(t, err, "start the list anew")
	}
}

func TestSecretInXML(t *testing.T) {
	text, err := xml.Marshal(WebhookSecret("s3cr3t"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cr3t")
	assert.Contains(t, string(text), "[redacted]")
}
