// Package conformance holds no code of the server: its test runs the guests of
// every SDK in the real engine and expects the same of all.
package conformance
