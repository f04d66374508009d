package protime

import (
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
