// Package bench measures worktime beside other ways of doing the same work: net/http alone, a loop written by
// hand with encoding/json, the pipeline of the Azure SDK, golang.org/x/oauth2. It has only tests; README.md says
// how to run them and what their numbers mean.
package bench
