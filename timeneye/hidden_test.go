package timeneye

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// fmt asks no value in an unexported field how to show itself.
func TestTokenInAnUnexportedField(t *testing.T) {
	app := struct{ auth Auth }{PersonalAccessToken("canary-token")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, app), "canary", verb)
		assert.NotContains(t, fmt.Sprintf(verb, &app), "canary", verb)
	}
}
