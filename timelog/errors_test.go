package timelog

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	ruleBody = `{ "Code": 102, "Message": "Business rule error", "Details": [ { "Message": "Date is closed by Timesheet", "ErrorCode": 30012 } ],
		"Parameters": "personal", "Url": "https://app4.timelog.com/acme/api/v1/x", "DeveloperNote": null }`
	fieldsBody = `{ "Code": 200, "Message": "Invalid model state", "Details": [ "'Task Name' must not be empty.", "'End Date' must not be empty." ],
		"Parameters": "{\"TaskName\":null,\"ProjectID\":0}" }`
	generalBody = `{ "Code": 100, "Message": "User does not exist", "Details": [], "Parameters": "7", "DeveloperNote": { "Stack": "at X" } }`
)

// The body says more than the status. Each answer comes to a read, to a change that may be sent
// twice and to a create; all may be repeated up to 2 times.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		body          string
		is            error
		code, message string
		details       []string
		sent          [3]int // read, change, create
		unknown       bool   // of the create
	}{
		"closed week":              {422, ruleBody, worktime.ErrBadRequest, CodeRule, "Business rule error", []string{"Date is closed by Timesheet (30012)"}, [3]int{1, 1, 1}, false},
		"rule under 500":           {500, ruleBody, worktime.ErrBadRequest, CodeRule, "Business rule error", []string{"Date is closed by Timesheet (30012)"}, [3]int{1, 1, 1}, false},
		"rule under 400":           {400, ruleBody, worktime.ErrBadRequest, CodeRule, "Business rule error", []string{"Date is closed by Timesheet (30012)"}, [3]int{1, 1, 1}, false},
		"rule with another code":   {500, `{"Code":1,"Message":"x","Details":[{"ErrorCode":37040,"Message":"No user"}]}`, worktime.ErrBadRequest, "1", "x", []string{"No user (37040)"}, [3]int{1, 1, 1}, false},
		"rule without number":      {500, `{"Code":102,"Message":"x","Details":[{"Message":"No import"}]}`, worktime.ErrBadRequest, CodeRule, "x", []string{"No import"}, [3]int{1, 1, 1}, false},
		"fields":                   {400, fieldsBody, worktime.ErrBadRequest, CodeValidation, "Invalid model state", []string{"'Task Name' must not be empty.", "'End Date' must not be empty."}, [3]int{1, 1, 1}, false},
		"fields under 500":         {500, fieldsBody, worktime.ErrBadRequest, CodeValidation, "Invalid model state", []string{"'Task Name' must not be empty.", "'End Date' must not be empty."}, [3]int{1, 1, 1}, false},
		"general":                  {500, generalBody, nil, CodeGeneral, "User does not exist", nil, [3]int{1, 1, 1}, true},
		"forbidden":                {403, `{"Message":"no"}`, worktime.ErrForbidden, "", "no", nil, [3]int{1, 1, 1}, false},
		"not found":                {404, ``, worktime.ErrNotFound, "", "", nil, [3]int{1, 1, 1}, false},
		"no route":                 {404, `{"Message":"No HTTP resource was found that matches the request URI"}`, worktime.ErrNotFound, "", "No HTTP resource was found that matches the request URI", nil, [3]int{1, 1, 1}, false},
		"wrong version":            {405, `{"error":{"code":"UnsupportedApiVersion","message":"The HTTP resource does not support it"}}`, worktime.ErrBadRequest, "UnsupportedApiVersion", "The HTTP resource does not support it", nil, [3]int{1, 1, 1}, false},
		"wrong version, capitals":  {404, `{"Error":{"Code":"UnsupportedApiVersion","Message":"x"}}`, worktime.ErrNotFound, "UnsupportedApiVersion", "x", nil, [3]int{1, 1, 1}, false},
		"fault":                    {500, ``, worktime.ErrUnavailable, "", "", nil, [3]int{2, 2, 1}, true},
		"fault with a text":        {500, `{"Message":"An error has occurred."}`, worktime.ErrUnavailable, "", "An error has occurred.", nil, [3]int{2, 2, 1}, true},
		"fault with html":          {500, `<html>error</html>`, worktime.ErrUnavailable, "", "", nil, [3]int{2, 2, 1}, true},
		"code without more":        {500, `{"Code":102}`, worktime.ErrUnavailable, CodeRule, "", nil, [3]int{2, 2, 1}, true},
		"gateway":                  {502, `<html>`, worktime.ErrUnavailable, "", "", nil, [3]int{2, 2, 1}, true},
		"gateway with an object":   {502, ruleBody, worktime.ErrUnavailable, CodeRule, "Business rule error", []string{"Date is closed by Timesheet (30012)"}, [3]int{2, 2, 1}, true},
		"details of another shape": {400, `{"Code":100,"Message":"x","Details":[null,7,{"a":1}]}`, worktime.ErrBadRequest, CodeGeneral, "x", []string{"7", `{"a":1}`}, [3]int{1, 1, 1}, false},
		"details no array":         {400, `{"Code":100,"Message":"x","Details":"y"}`, worktime.ErrBadRequest, CodeGeneral, "x", nil, [3]int{1, 1, 1}, false},
		"token in it":              {400, `{"Code":100,"Message":"you sent ` + canary + `","Details":["` + canary + `"]}`, worktime.ErrBadRequest, CodeGeneral, "you sent [redacted]", []string{"[redacted]"}, [3]int{1, 1, 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for i, call := range []func(*Client) error{
				func(client *Client) error { _, err := client.Users.Me(t.Context()); return err },
				func(client *Client) error { return client.Users.Update(t.Context(), theUser().Changes()) },
				func(client *Client) error { _, err := client.Users.Create(t.Context(), theNewUser()); return err },
			} {
				v := newVendor(t, answer{status: c.status, body: c.body})
				config := v.config()
				config.Options.Retry = worktime.RetryPolicy{MaxAttempts: 2, BaseDelay: -1}
				err := call(open(t, config))
				var e *worktime.Error
				require.ErrorAs(t, err, &e)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
				assert.Equal(t, c.unknown && i == 2, errors.Is(err, worktime.ErrUnknownOutcome))
				assert.Equal(t, []any{c.status, c.code, c.message}, []any{e.StatusCode, e.Code, e.Message})
				assert.Equal(t, c.details, e.Details)
				assert.Len(t, v.requests(), c.sent[i])
				assert.NotContains(t, err.Error()+string(e.Body), canary)
				assert.NotContains(t, err.Error(), "personal", "Parameters may hold personal data")
			}
		})
	}
}

func TestRules(t *testing.T) {
	v := newVendor(t, answer{status: 422, body: ruleBody}, answer{status: 400, body: fieldsBody}, answer{status: 500, body: generalBody}, answer{status: 404})
	client := v.client(t)
	_, closed := client.Users.Me(t.Context())
	assert.Equal(t, []Rule{{RuleDateClosed, "Date is closed by Timesheet"}}, Rules(closed))
	assert.True(t, HasRule(closed, RuleDateClosed))
	assert.False(t, HasRule(closed, RuleNoUser))
	assert.False(t, LooksNotFound(closed))

	_, fields := client.Users.Me(t.Context())
	assert.Empty(t, Rules(fields))
	assert.False(t, LooksNotFound(fields))

	_, general := client.Users.Me(t.Context())
	assert.Empty(t, Rules(general))
	assert.True(t, LooksNotFound(general))

	_, missing := client.Users.Me(t.Context())
	assert.True(t, LooksNotFound(missing))

	assert.Empty(t, Rules(nil))
	assert.Empty(t, Rules(&worktime.Error{Provider: "protime", Body: []byte(ruleBody)}), "of another vendor")
	assert.False(t, LooksNotFound(nil))
	assert.False(t, HasRule(nil, 0))
}
