package timeneye

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// The list of projects may come in three envelopes, and with pages or without.
func TestProjectEnvelopes(t *testing.T) {
	other := `{"project_id": "311", "name": "Mobile app", "phases": []}`
	for name, answers := range map[string][]answer{
		"data":  {{body: `{"data": [` + aProject + `,` + other + `]}`}},
		"array": {{body: `[` + aProject + `,` + other + `]`}},
		"pages": {pageOf(1, 2, aProject), pageOf(2, 2, other)},
	} {
		v := newVendor(t, answers...)
		got, err := worktime.Collect(v.client(t).Projects.All(t.Context(), ProjectQuery{}))
		require.NoError(t, err, name)
		require.Len(t, got, 2, name)
		assert.Equal(t, theProject(), got[0], name)
		assert.Equal(t, int64(311), got[1].ID)
		assert.NotNil(t, got[1].Phases, "none is not the same as not loaded")
		assert.Empty(t, got[1].Phases)
		assert.Len(t, v.requests(), len(answers))
	}
	v := newVendor(t, answer{body: `[{"project_id": 310}]`})
	got, err := worktime.Collect(v.client(t).Projects.All(t.Context(), ProjectQuery{WithoutPhases: true}))
	require.NoError(t, err)
	assert.Nil(t, got[0].Phases)
	assert.Equal(t, []string{"GET /api/v1/projects?page=1"}, v.targets())
}
