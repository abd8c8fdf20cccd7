// Package automation is Squall's vocabulary: events, triggers, rules, actions,
// executions, artifacts and the words that describe what became of them.
//
// Everything else in the module may import this package; it imports nothing of
// ours. The JSON names of its fields are the API's promise and change only by
// addition.
package automation
