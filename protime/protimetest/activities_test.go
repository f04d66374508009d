package protimetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// The activities of the sample.
const (
	level1  = "/activity-structure-versions/" + protimetest.StructureVersion + "/levels/1/activity-definitions"
	level2  = "/activity-structure-versions/" + protimetest.StructureVersion + "/levels/2/activity-definitions"
	install = "38fc2206-6c1d-4c55-9a2e-0f5f6d1b7a01"
	repair  = "b1f0a7de-52e4-4d0f-8f63-7a1c9be0c402"
	custom  = "c7e3a9b4-08d2-4a6f-b1c5-3e9d2f7a8b03"
)

func TestActivityDefinitions(t *testing.T) {
	srv := sampleServer(t, protimetest.WithPageSize(1))
	c := everything(t, srv)
	all, links := pages(c, level1)
	require.Len(t, links, 1)
	assert.True(t, strings.HasPrefix(links[0], base+level1+"?continuationToken="), links[0])
	assert.Equal(t, []any{install, repair}, []any{objectsOf(all)[0][0]["id"], objectsOf(all)[1][0]["id"]})
	assert.Len(t, c.get(level2).objects(), 1)
	assert.Empty(t, c.get(strings.Replace(level1, "5b0e", "5b0f", 1)).objects())

	one := c.get(level1 + "/" + install)
	assert.Equal(t, []any{install, protimetest.StructureVersion, 1.0, "INSTALL", true}, []any{one.json()["id"], one.json()["structureVersion"],
		one.json()["level"], one.json()["dataEntryCode"], one.json()["canConfigureRestrictions"]})
	assert.NotContains(t, one.json(), "usages")
	one = c.get(level1 + "/X-INSTALL?externalReferences=(activity-definitions,@external-reference)&expand=usage,restrictions")
	require.Equal(t, 200, one.status, one.body)
	assert.Len(t, one.json()["usages"], 2)
	assert.Len(t, one.json()["restrictions"], 1)
	assert.Equal(t, map[string]any{"@external-reference": "X-INSTALL"}, one.json()["externalReferences"])
	refused(t, c.get(level1+"/"+install+"?expand=usages"), 400, "BadRequest", "'usages' cannot be expanded")
	refused(t, c.get(level2+"/"+install), 404, "NotFound", "")
	refused(t, c.get(level1+"/INSTALL"), 404, "NotFound", "")
	refused(t, c.get(level1+"/INSTALL?externalReferences=(people,@badge-number)"), 400, "BadRequest", "'people'")
	reader := newCaller(t, srv, "connector-protimeapi-activity-definitions.read")
	refused(t, reader.send("POST", level1, "{}"), 403, "Forbidden", "activity-definitions.write")
	refused(t, reader.send("DELETE", level1+"/"+install+"/usages", "{}"), 403, "Forbidden", "activity-definitions.write")
	assert.Equal(t, 405, c.send("DELETE", level1+"/"+install, "").status)
	assert.Equal(t, "GET, PUT", c.send("POST", level1+"/"+install+"/restrictions", "").header.Get("Allow"))
	refused(t, c.get(level1+"/"+install+"/other"), 404, "NotFound", "")
}

func TestCreateActivityDefinition(t *testing.T) {
	c := everything(t, sampleServer(t))
	r := c.send("POST", level2, `{"name": {"default": "Customer B", "translations": {"nl-NL": "Klant B"}}, "shortCode": "CB", "externalReference": "X-B",
		"info": "i", "activeFrom": "2026-01-01", "activeUntil": "2026-12-31", "parent": {"externalReferences": {"@data-entry-code": "REPAIR"}}}`)
	require.Equal(t, 201, r.status, r.body)
	location := strings.TrimPrefix(r.header.Get("Location"), base)
	require.True(t, strings.HasPrefix(location, level2+"/"), location)
	one := c.get(location).json()
	delete(one, "changeVersion")
	id := strings.TrimPrefix(location, level2+"/")
	assert.Equal(t, map[string]any{"id": id, "structureVersion": protimetest.StructureVersion, "level": 2.0, "canConfigureRestrictions": false,
		"name": map[string]any{"default": "Customer B", "translations": map[string]any{"nl-NL": "Klant B"}}, "shortCode": "CB", "externalReference": "X-B",
		"info": "i", "activeFrom": "2026-01-01", "activeUntil": "2026-12-31", "parent": map[string]any{"id": repair}, "dataEntryCode": "A00002"}, one)

	// A PUT by id replaces everything but the parent; one that does not exist is not created.
	assert.Equal(t, 200, c.send("PUT", location, `{"name": {"default": "B"}, "parent": {"id": "`+install+`"}}`).status)
	one = c.get(location).json()
	assert.Equal(t, []any{map[string]any{"default": "B"}, map[string]any{"id": repair}, nil, "A00002"},
		[]any{one["name"], one["parent"], one["info"], one["dataEntryCode"]})
	refused(t, c.send("PUT", level2+"/unknown", `{"name": {"default": "B"}}`), 404, "NotFound", "")

	// By a reference it is created, or not.
	const named = level2 + "/X-C?externalReferences=(activity-definitions,@external-reference)"
	r = c.send("PUT", named, `{"name": {"default": "C"}}`)
	require.Equal(t, 201, r.status, r.body)
	location = strings.TrimPrefix(r.header.Get("Location"), base)
	assert.Equal(t, "X-C", c.get(location).json()["externalReference"])
	assert.Equal(t, 200, c.send("PUT", named, `{"name": {"default": "C2"}}`).status)
	assert.Equal(t, "C2", c.get(location).json()["name"].(map[string]any)["default"])
	const own = level2 + "/C%2F9?externalReferences=(activity-definitions,CRM)"
	require.Equal(t, 201, c.send("PUT", own, `{"name": {"default": "D"}}`).status)
	require.Equal(t, 200, c.send("PUT", own, `{"name": {"default": "D"}}`).status)
	assert.Equal(t, map[string]any{"CRM": "C/9"}, c.get(own).json()["externalReferences"])
	assert.Len(t, c.get(level2).objects(), 4)

	for body, want := range map[string]string{
		`{}`:            "name.default: is required",
		`{"name": {}}`:  "name.default: is required",
		`{"name": "x"}`: "cannot be read",
		`{"name": {"default": "x"}, "dataEntryCode": "12345678901234567"}`:                    "dataEntryCode: must have 16",
		`{"name": {"default": "x"}, "externalReference": "X-B-------------x"}`:                "externalReference: must have 16",
		`{"name": {"default": "x"}, "dataEntryCode": "CUSTA"}`:                                "dataEntryCode: 'CUSTA' is taken",
		`{"name": {"default": "x"}, "externalReference": "X-C"}`:                              "externalReference: 'X-C' is taken",
		`{"name": {"default": "x"}, "activeFrom": "2026-01-02", "activeUntil": "2026-01-01"}`: "activeUntil: is before",
		`{"name": {"default": "x"}, "parent": {}}`:                                            "parent: must have an id or one",
	} {
		unwrapped(t, c.send("POST", level2, body), want)
	}
	assert.Equal(t, 201, c.send("POST", level1, `{"name": {"default": "x"}, "dataEntryCode": "CUSTA"}`).status, "unique on its level")

	c = everything(t, sampleServer(t, protimetest.WithManualEntryCodes()))
	unwrapped(t, c.send("POST", level2, `{"name": {"default": "x"}}`), "dataEntryCode: is required")
	assert.Equal(t, 201, c.send("POST", level2, `{"name": {"default": "x"}, "dataEntryCode": "NEW"}`).status)
}

func TestUsages(t *testing.T) {
	srv := sampleServer(t, protimetest.WithReferences(protime.CustomReference("circles", "CODE"), map[int64]string{13: "C13"}))
	c := everything(t, srv)
	const path = level1 + "/" + install + "/usages"
	rows := func() string {
		t.Helper()
		r := c.get(path)
		require.Equal(t, 200, r.status, r.body)
		assert.Equal(t, map[string]any{"id": install}, r.json()["activityDefinitionId"])
		var all []string
		for _, item := range r.json()["usages"].([]any) {
			row := item.(map[string]any)
			all = append(all, fmt.Sprintf("%v %v %v-%v", row["activityUsageKind"], row["usageReference"].(map[string]any)["id"], row["from"], row["until"]))
		}
		return strings.Join(all, ", ")
	}
	const start = "Circle 13 2025-01-01-<nil>, Person 6 2024-01-01-2024-12-31"
	assert.Equal(t, start, rows())
	const person6 = `{"activityUsageKind": "Person", "usageReference": {"id": 6}, `
	for body, want := range map[string]string{
		person6 + `"from": "2024-12-31"}`:                        "overlaps",
		person6 + `"from": "2020-01-01", "until": "2024-01-01"}`: "overlaps",
		person6 + `"from": "2020-01-01", "until": ""}`:           "overlaps",
		`{"activityUsageKind": "Circle", "usageReference": {"externalReferences": {"CODE": "C13"}}, "from": "2030-01-01"}`: "overlaps",
	} {
		refused(t, c.send("POST", path, body), 400, "BadRequest", want)
	}
	for body, want := range map[string]string{
		`{"activityUsageKind": "Team", "usageReference": {"id": 6}, "from": "2026-01-01"}`: "activityUsageKind: must be",
		`{"activityUsageKind": "Person", "from": "2026-01-01"}`:                            "usageReference: is required",
		person6 + `"until": "2026-01-01"}`:                                                 "from: is required",
		person6 + `"from": "2026-01-02", "until": "2026-01-01"}`:                           "until: is before",
		`x`: "cannot be read",
	} {
		unwrapped(t, c.send("POST", path, body), want)
	}
	r := c.send("POST", path, person6+`"from": "2025-01-01"}`)
	assert.Equal(t, []any{200, "", ""}, []any{r.status, r.header.Get("Location"), r.body})
	assert.Equal(t, 200, c.send("POST", path, `{"activityUsageKind": "Group", "usageReference": {"id": 6}, "from": "2025-01-01"}`).status, "another kind")
	assert.Equal(t, start+", Person 6 2025-01-01-<nil>, Group 6 2025-01-01-<nil>", rows())

	for _, original := range []string{`"originalFrom": "2025-01-02"`, `"originalFrom": "2025-01-01", "originalUntil": "2025-12-31"`, `"originalFrom": "2024-01-01"`} {
		refused(t, c.send("PUT", path, person6+original+`, "updatedFrom": "2027-01-01"}`), 400, "BadRequest", "no such usage")
	}
	refused(t, c.send("PUT", path, person6+`"originalFrom": "2025-01-01", "updatedFrom": "2024-06-01"}`), 400, "BadRequest", "overlaps")
	unwrapped(t, c.send("PUT", path, person6+`"originalFrom": "2025-01-01"}`), "updatedFrom: is required")
	unwrapped(t, c.send("PUT", path, person6+`"updatedFrom": "2025-01-01"}`), "originalFrom: is required")
	assert.Equal(t, 200, c.send("PUT", path, person6+`"originalFrom": "2025-01-01", "updatedFrom": "2025-02-01", "updatedUntil": "2025-02-28"}`).status)

	refused(t, c.send("DELETE", path, person6+`"from": "2025-02-01"}`), 400, "BadRequest", "no such usage")
	r = c.send("DELETE", path, person6+`"from": "2025-02-01", "until": "2025-02-28"}`)
	assert.Equal(t, []any{204, ""}, []any{r.status, r.body})
	unwrapped(t, c.send("DELETE", path, ""), "cannot be read")
	assert.Equal(t, start+", Group 6 2025-01-01-<nil>", rows())

	r = c.get(level1 + "/INSTALL/usages?externalReferences=(circles,CODE)(activity-definitions,@data-entry-code)(people,@badge-number)")
	assert.Equal(t, map[string]any{"@data-entry-code": "INSTALL"}, r.json()["activityDefinitionId"].(map[string]any)["externalReferences"])
	list := r.json()["usages"].([]any)
	assert.Equal(t, map[string]any{"id": 13.0, "externalReferences": map[string]any{"CODE": "C13"}}, list[0].(map[string]any)["usageReference"])
	assert.Equal(t, map[string]any{"id": 6.0, "externalReferences": map[string]any{"@badge-number": "6767740"}}, list[1].(map[string]any)["usageReference"])
	assert.Equal(t, map[string]any{"id": 6.0}, list[2].(map[string]any)["usageReference"], "a group")

	refused(t, c.send("POST", level1+"/unknown/usages", person6+`"from": "2026-01-01"}`), 404, "NotFound", "")
	assert.JSONEq(t, `[]`, string(encoded(t, c.get(level1 + "/REPAIR/usages?externalReferences=(activity-definitions,@data-entry-code)").json()["usages"])))
}

func TestRestrictions(t *testing.T) {
	c := everything(t, sampleServer(t))
	const path = level1 + "/" + repair + "/restrictions"
	assert.JSONEq(t, `[]`, string(encoded(t, c.get(path).json()["restrictions"])))
	r := c.send("PUT", path, `[ { "level": 2, "activityDefinitions": [ {"externalReferences": {"@data-entry-code": "CUSTA"}} ] } ]`)
	assert.Equal(t, []any{200, ""}, []any{r.status, r.body})
	r = c.get(level1 + "/REPAIR/restrictions?externalReferences=(activity-definitions,@data-entry-code)(activity-restrictions,@external-reference)")
	assert.Equal(t, map[string]any{"id": repair, "externalReferences": map[string]any{"@data-entry-code": "REPAIR"}}, r.json()["activityDefinitionId"])
	assert.JSONEq(t, `[{"level": 2, "activityDefinitions": [{"id": "`+custom+`", "externalReferences": {"@external-reference": "X-CUSTA"}}]}]`,
		string(encoded(t, r.json()["restrictions"])))
	for body, want := range map[string]string{
		`{"restrictions": []}`: "cannot be read",
		`[ { "level": 1, "activityDefinitions": [ {"id": "` + custom + `"} ] } ]`: "no definition",
		`[ { "level": 2, "activityDefinitions": [ {"id": "x"} ] } ]`:              "no definition 'x' on level 2",
	} {
		unwrapped(t, c.send("PUT", path, body), want)
	}
	assert.Equal(t, 200, c.send("PUT", path, `[]`).status)
	assert.Empty(t, c.get(path).json()["restrictions"])
}

func TestAssignments(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithReferences(protime.PersonEmployeeNumber, map[int64]string{7: "E-1"}))
	c := everything(t, srv)
	const sample = `{ "person": {"id": 1234}, "from": "2025-03-10", "until": "2025-03-10", "startTimeInMinutes": 480,
		"endTimeInMinutes": 1020, "breakDurationInMinutes": 30, "comments": "Morning shift",
		"activityLevels": [ { "level": 1, "activityDefinition": { "id": "a" } } ] }`
	r := c.send("POST", "/assignments", sample)
	assert.Equal(t, []any{201, base + "/assignments/1", ""}, []any{r.status, r.header.Get("Location"), r.body})
	assert.JSONEq(t, strings.Replace(sample, "{", `{"id": 1, "changeVersion": "0000090200004BD0000A", "isRejected": false,`, 1), c.get("/assignments/1").body)

	_, link := c.load("/assignments?filter=date%20ge%20'2026-01-01'&delta")
	r = c.send("PUT", "/assignments/1", `{"person": {"externalReferences": {"@employee-number": "E-1"}}, "from": "2026-03-11", "activityLevels": [{"level": 1, "activityDefinition": {"id": "a"}}]}`)
	assert.Equal(t, []any{200, ""}, []any{r.status, r.body})
	assert.JSONEq(t, `{"id": 1, "changeVersion": "0000090200004BD0000B", "isRejected": false, "person": {"id": 7}, "from": "2026-03-11",
		"activityLevels": [{"level": 1, "activityDefinition": {"id": "a"}}]}`, c.get("/assignments/1").body, "what is omitted is emptied")
	assert.Len(t, c.get("/assignments?filter=date%20ge%20'2026-03-11'%20and%20date%20le%20'2026-03-11'").objects(), 1)
	assert.Empty(t, c.get("/assignments?filter=date%20ge%20'2026-03-12'").objects())
	assert.Equal(t, 200, c.send("DELETE", "/assignments/1", "").status)
	changes, _ := c.poll(link)
	assert.Equal(t, []string{"Delete 1"}, changes)
	for _, method := range []string{"PUT", "DELETE"} {
		refused(t, c.send(method, "/assignments/1", sample), 404, "NotFound", "")
		refused(t, c.send(method, "/assignments/x", sample), 400, "BadRequest", "is not the id")
	}
	const common = `"person": {"id": 1}, "activityLevels": [{"level": 1, "activityDefinition": {"id": "a"}}]`
	for body, want := range map[string]string{
		`{"from": "2026-01-01", "activityLevels": [{"level": 1, "activityDefinition": {"id": "a"}}]}`: "person: is required",
		`{` + common + `}`: "from: is required",
		`{` + common + `, "from": "2026-01-01", "until": "2025-12-31"}`:        "until: is before",
		`{` + common + `, "from": "2026-01-01", "startTimeInMinutes": -1441}`:  "startTimeInMinutes: must be",
		`{` + common + `, "from": "2026-01-01", "endTimeInMinutes": 2881}`:     "endTimeInMinutes: must be",
		`{` + common + `, "from": "2026-01-01", "breakDurationInMinutes": -1}`: "breakDurationInMinutes: is negative",
		`{"person": {"id": 1}, "from": "2026-01-01"}`:                          "activityLevels: are required",
		`{"person": {"id": 1}, "from": "2026-01-01", "activityLevels": [{}]}`:  "activityLevels[0]: must have",
	} {
		unwrapped(t, c.send("POST", "/assignments", body), want)
	}

	flex := everything(t, protimetest.NewServer(t, protimetest.WithPlanningFlex()))
	for _, target := range []string{"GET /assignments?" + sampleDays, "POST /assignments", "GET /assignments/1", "PUT /assignments/1", "DELETE /assignments/1"} {
		method, path, _ := strings.Cut(target, " ")
		refused(t, flex.send(method, path, sample), 403, "Forbidden", "Planning Flex")
	}
	assert.Equal(t, 200, flex.get("/clockings"+january).status)
}

// What is checked still holds when it is stored.
func TestWritesAtTheSameTime(t *testing.T) {
	srv := sampleServer(t)
	c := everything(t, srv)
	var group sync.WaitGroup
	statuses := make(chan int, 8)
	for range 8 {
		group.Go(func() {
			statuses <- c.send("POST", level1+"/"+repair+"/usages", `{"activityUsageKind": "Person", "usageReference": {"id": 1}, "from": "2026-01-01"}`).status
			_, err := srv.Put("jobs", map[string]any{"name": worktime.NewDate(2026, 1, 1)})
			assert.NoError(t, err)
		})
	}
	group.Wait()
	close(statuses)
	stored := 0
	for status := range statuses {
		if status == 200 {
			stored++
		}
	}
	assert.Equal(t, 1, stored)
}
