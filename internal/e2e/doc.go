// Package e2e tests worktime against programs that it does not control: an OpenID provider by other people, several
// processes that share one login, and processes that are killed. It has only tests; README.md says how to run them.
package e2e
