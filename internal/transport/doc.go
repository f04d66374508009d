// Package transport makes one HTTP exchange reliable and harmless. A [Call] says what to
// send and how much harm sending it twice would do; [Client.Do] sends it, waits and sends it
// again where that is safe, and returns either the whole answer or a [Failure] that says
// what is known about the request's fate.
//
// Reading order: transport.go has the pipeline in one function, Do; decide.go says what
// follows each attempt; send.go is one attempt; gate.go and budget.go are what the calls
// to one host share; origin.go keeps credentials where they belong.
package transport
