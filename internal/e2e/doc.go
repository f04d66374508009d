// Package e2e tests worktime against what it does not control: an OpenID provider by other people, several processes
// that share one login, processes that are killed, disks that break, and a real browser. It has only tests; README.md
// says how to run them.
package e2e
