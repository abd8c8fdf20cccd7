// Package store is the seam between the engine and what remembers: one interface
// and, in prose, what every backend promises. Package storetest turns the prose
// into a suite; a behaviour that is not in storetest does not exist.
//
// # Promises
//
//   - Durable: when a writing method returns nil, what it wrote survives the death
//     of the process and of the machine. When it returns an error, nothing of that
//     call is there.
//   - Ordered: every change gets a sequence number that grows by one and is never
//     reused, also over restarts. Options.Published of a backend is called with
//     them in that order, after the commit and never before.
//   - The law of [automation.Status] holds: a method that would break it returns
//     an error of kind [automation.ErrConflict] and changes nothing.
//   - Lists are newest first, page by id and never carry payloads, outputs or logs.
package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
)

// Store remembers everything. Implementations are safe for concurrent use.
type Store interface {
	Writer
	Reader
	Sources
	KV
	Credentials
	History
	Audit

	// Ping reports whether the store can write: nil, or an error of kind
	// ErrUnavailable.
	Ping(ctx context.Context) error
	// Close waits for writes under way and releases everything.
	Close() error
}

// Writer holds the durable steps of an execution's life.
type Writer interface {
	// Accept stores events, the verdict of every rule that looked at them and the
	// executions they start, all of it or nothing. Event may be nil: a person
	// started the executions. An execution with Status Running also gets its first
	// attempt; one with status Failed is stored as finished.
	Accept(ctx context.Context, all ...Acceptance) error

	// Schedule changes what executions wait for: it makes those that are pending,
	// delayed, paused or waiting pending, delayed or paused, and names those that took
	// the step. Those that the law, or From, keeps from it are left out; when that are all, the
	// error is a Conflict, or NotFound.
	Schedule(ctx context.Context, steps ...Scheduling) (moved []string, err error)

	// Start turns a pending execution into a running one and begins its next
	// attempt, whose number it returns. Conflict when it is not pending (any more).
	Start(ctx context.Context, id string, at time.Time) (attempt int, err error)

	// Finish ends the running attempt of an execution and stores all that came of
	// it: status, output, remaining log, artifacts. Status Pending or Delayed gives the
	// execution back for another attempt. What follows from the end is stored in the
	// same transaction.
	Finish(ctx context.Context, f Finish) error

	// AppendLog adds lines to the log of a running execution. Lines are numbered by
	// the caller, without gaps.
	AppendLog(ctx context.Context, id string, lines []automation.LogLine) error

	// Cancel ends an execution that waits, for whatever, as canceled. For a running one it returns
	// Conflict: whoever runs it must stop it and Finish it. What follows from the end
	// is stored in the same transaction.
	Cancel(ctx context.Context, id, message string, at time.Time, then ...Acceptance) error

	// Recover is called once, before work begins: attempts that were running when
	// the last process died become lost; their executions become pending, or failed
	// with code "lost" when MaxLost attempts were lost. It returns how many of each.
	// What follow, which may be nil, makes of an execution that failed is stored in
	// the same transaction. It may be asked twice about one, and must not write.
	Recover(ctx context.Context, at time.Time, follow func(automation.Execution) []Acceptance) (back, failed int, err error)
}

// Reader answers questions.
type Reader interface {
	// Event returns one event with payload, verdicts and executions.
	Event(ctx context.Context, id string) (automation.Event, error)
	Events(ctx context.Context, q EventQuery) ([]automation.Event, error)
	// RecentEvents returns the newest events of a trigger type with their payloads,
	// older than the one named after. There may be fewer than asked for, but at least
	// one if there is one: payloads of many MiB are not held together.
	RecentEvents(ctx context.Context, trigger automation.Ref, after string, limit int) ([]automation.Event, error)
	// EventDepth returns only how many events in a chain led to one.
	EventDepth(ctx context.Context, id string) (int, error)

	// Execution returns one execution with attempts and artifacts.
	Execution(ctx context.Context, id string) (automation.Execution, error)
	Executions(ctx context.Context, q ExecutionQuery) ([]automation.ExecutionSummary, error)
	// CountExecutions counts by status what the query selects, ignoring its
	// Statuses, After and Limit. The numbers are exact.
	CountExecutions(ctx context.Context, q ExecutionQuery) (map[automation.Status]int, error)
	// Pending returns pending executions in the order in which they are to run: those
	// of higher priority first, then the oldest. It begins after a place in that order.
	Pending(ctx context.Context, after Place, limit int) ([]automation.Execution, error)
	// Due returns delayed executions whose RunAfter is not later than at, the earliest
	// first.
	Due(ctx context.Context, at time.Time, limit int) ([]automation.Execution, error)
	// NextDue returns the earliest RunAfter of a delayed execution; false when there is
	// none.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
	// Weigh returns delayed executions that have a DelayKey, in the order of Pending.
	Held(ctx context.Context, key string, limit int) ([]automation.Execution, error)
	// HeldKeys counts delayed executions by their DelayKey, without those that have none.
	HeldKeys(ctx context.Context) (map[string]int, error)
	// Starts returns when attempts of an action's executions that are Rated began, newest
	// first, not before since.
	Starts(ctx context.Context, action automation.Ref, since time.Time, limit int) ([]time.Time, error)
	// Queued is how many executions of an action are pending or delayed; of all actions,
	// when it is empty.
	Queued(action automation.Ref) int
	// Used adds up the host calls of a pack's executions that were made since a time, of
	// the newest attempts up to a limit; partial tells that there were more.
	Used(ctx context.Context, pack string, since time.Time, limit int) (used []automation.UsedFunction, partial bool, err error)
	// Changes returns what host calls changed since a time, in attempts that have
	// ended, oldest first. Calls that were refused, held back or only tried are not
	// among them.
	Changes(ctx context.Context, since time.Time) ([]automation.MadeChange, error)
	// Tape returns what an attempt that has ended was told from outside; NotFound when
	// there is no such attempt or nothing was recorded.
	Tape(ctx context.Context, id string, attempt int) (automation.Tape, error)
	// Log returns lines with number >= from, at most limit.
	Log(ctx context.Context, id string, from, limit int) ([]automation.LogLine, error)

	// Verdicts returns the newest verdicts that a query selects, those about one
	// event in the order of the event. A page that reaches its limit ends with all of
	// its last event, so it may be longer.
	Verdicts(ctx context.Context, q VerdictQuery) ([]automation.Verdict, error)

	Artifact(ctx context.Context, id string) (automation.Artifact, error)
	Artifacts(ctx context.Context, q ArtifactQuery) ([]automation.Artifact, error)

	// LastSeq is the sequence number of the latest change that was committed.
	LastSeq(ctx context.Context) (int64, error)
}

// Acceptance is what one event leads to. All fields are optional, but verdicts
// need an event.
type Acceptance struct {
	Event      *automation.Event
	Verdicts   []automation.Verdict
	Executions []automation.Execution
	// Flow replaces what controls remember, unless what is stored is newer.
	Flow []automation.FlowState
	// Releases let suppressed verdicts of earlier events pass.
	Releases []Release
	// Marks replace how far sources have come.
	Marks []automation.Mark
	// Key, if it has one, is the sender's idempotency key of Event. When the
	// webhook has seen it before, nothing is stored and the error is a Conflict
	// with code [CodeDuplicateEvent].
	Key *EventKey
}

// Release lets a suppressed verdict pass that has not been released before;
// otherwise the error is a Conflict. Item is -1 for a rule without foreach.
type Release struct {
	Event     string
	Rule      automation.Ref
	Item      int
	Execution string
	By        string
	At        time.Time
}

// CodeDuplicateEvent is the code of an event whose key was there already.
const CodeDuplicateEvent = "duplicate_event"

// EventKey makes sure that an event is accepted once.
type EventKey struct {
	Webhook string
	Key     string
	Expires time.Time
}

// Place is a position in the order of Pending; the zero value is its begin.
type Place struct {
	Priority int
	ID       string
}

// Scheduling is what an execution is to wait for from now on.
type Scheduling struct {
	ID     string
	Status automation.Status // pending, delayed or paused
	// From, unless it is empty, is the only status from which the step is taken: what
	// somebody has put aside since it was read must stay there.
	From automation.Status
	// RunAfter is a time that it waits for; kept while it is paused.
	RunAfter *time.Time
	// Reason says for people what it waits for, if it is not pending.
	Reason string
	// Key is the DelayKey of a delayed one.
	Key string
}

// Finish is how an attempt ended.
type Finish struct {
	ID      string
	Attempt automation.Attempt // number, status, finish time, code, message, usage, host calls
	Status  automation.Status  // of the execution from now on
	Output  json.RawMessage
	Hint    string
	Trace   string
	// RunAfter and DelayReason say what it waits for if Status is Delayed.
	RunAfter    *time.Time
	DelayReason string
	// Tape is what the attempt was told; nil when nothing was recorded.
	Tape *automation.Tape
	// Log holds the lines that AppendLog has not yet stored.
	Log       []automation.LogLine
	Artifacts []automation.Artifact
	// Then is what follows from the end.
	Then []Acceptance
}

// ExecutionQuery selects executions. Zero fields do not restrict.
type ExecutionQuery struct {
	Statuses []automation.Status
	Action   string // a ref, or a pattern with "*" ("labs_sre.*")
	Rule     automation.Ref
	Event    string
	Parent   string
	From     string // the execution whose code started them
	TraceID  string // the story that they belong to
	Text     string // words, as a term of the filter
	Since    time.Time
	Until    time.Time
	// Filter holds further conditions. Words are found where they stand in succession,
	// in any case; the last one may be the beginning of a longer one. Text finds them in
	// the action, the summary, the error and the log, or an id by its beginning or its
	// last four or eight digits.
	Filter query.Filter
	After  string // an id: only older ones
	Limit  int    // zero means 100
}

// EventQuery selects events. Zero fields do not restrict.
type EventQuery struct {
	Trigger string // a ref, or a pattern with "*"
	Matched *bool  // true: some rule matched; false: none did
	TraceID string // the story that they belong to
	Text    string // part of id or summary
	Since   time.Time
	Until   time.Time
	After   string
	Limit   int
}

// VerdictQuery selects verdicts. Zero fields do not restrict.
type VerdictQuery struct {
	Rule     automation.Ref
	Outcomes []automation.Outcome
	// Weigh selects suppressed verdicts that nobody has let pass.
	Held  bool
	After string // an event id: only verdicts about older events
	Limit int    // zero means 100
}

// ArtifactQuery selects artifacts. Zero fields do not restrict.
type ArtifactQuery struct {
	Execution string
	MediaType string
	After     string
	Limit     int
}

// Sources keeps what the sources of events and the flow of rules need to know
// after a restart.
type Sources interface {
	// Marks returns how far a source has come, one mark a key.
	Marks(ctx context.Context, source string) ([]automation.Mark, error)
	// FlowStates returns every state that has not expired at that time.
	FlowStates(ctx context.Context, at time.Time) ([]automation.FlowState, error)
	// Forget removes flow states, event keys and key-value entries that have
	// expired, and all but the newest deliveries of each webhook. It returns how
	// many rows went.
	Forget(ctx context.Context, at time.Time, deliveries int) (int, error)

	// KeyedEvent returns the event that came with an idempotency key; NotFound when
	// there is none or the key has expired.
	KeyedEvent(ctx context.Context, webhook, key string, at time.Time) (string, error)
	PutDelivery(ctx context.Context, d automation.Delivery) error
	// Deliveries lists what was posted to webhooks, newest first.
	Deliveries(ctx context.Context, q DeliveryQuery) ([]automation.Delivery, error)
}

// DeliveryQuery selects deliveries. Zero fields do not restrict.
type DeliveryQuery struct {
	Webhook  string
	Outcomes []automation.DeliveryOutcome
	After    string
	Limit    int
}

// History keeps what is remembered within bounds.
type History interface {
	// Weigh adds up the executions that a selection names.
	Weigh(ctx context.Context, s Selection) (Held, error)
	// Prune removes executions that have ended, oldest first, with all that belongs to
	// them: attempts, tapes, logs, artifacts, what their code started, and the event
	// when nothing else came of it. Those that must stay are passed over: what has not
	// ended, and whatever holds or started something that is pinned or has not ended.
	// It stops after limit executions, which is one short transaction.
	Prune(ctx context.Context, s Selection, limit int) (Pruned, error)
	// PruneEvents removes events that started nothing that is left.
	PruneEvents(ctx context.Context, before time.Time, limit int) (removed int, err error)
	// PinArtifact keeps an artifact and its execution from being pruned; an empty name
	// lets them go.
	PinArtifact(ctx context.Context, id, by string, at time.Time) (automation.Artifact, error)
	// Compact gives a bounded part of the room that was freed back to the disk, and
	// reports whether there is more.
	Compact(ctx context.Context) (more bool, err error)
	// Size tells how much room the history takes.
	Size(ctx context.Context) (automation.HistorySize, error)
}

// Selection names executions that may be pruned. Zero fields do not restrict.
type Selection struct {
	Statuses []automation.Status // final ones
	Pack     string              // a name, or a pattern with "*"
	Before   time.Time           // created before
	After    string              // an id: only younger ones
}

// Held is how much a selection holds. Bytes of an execution are counted soon after
// it has ended.
type Held struct {
	Executions int
	Bytes      int64
}

// Pruned is what a call of Prune has removed.
type Pruned struct {
	Executions int
	Events     int
	Bytes      int64
	// Contents are the SHA-256 of artifacts that were removed. Others may have the same.
	Contents []string
	// Last is the last execution that was looked at; empty when there are no more.
	Last string
}

// KV keeps values that packs and rules share by name. An entry that has expired is
// not there.
type KV interface {
	// KVGet returns NotFound when there is no such entry.
	KVGet(ctx context.Context, scope, name string, at time.Time) (automation.KVEntry, error)
	// KVList returns entries by name; an empty scope means all of them.
	KVList(ctx context.Context, q KVQuery) ([]automation.KVEntry, error)
	// KVPut stores an entry and returns the one that it replaces; nil when there was
	// none. CreatedAt of a replaced entry stays. What follows from it is stored in the
	// same transaction.
	KVPut(ctx context.Context, e automation.KVEntry, then ...Acceptance) (before *automation.KVEntry, err error)
	// KVDelete removes an entry and returns it; NotFound when there is none, and then
	// nothing follows.
	KVDelete(ctx context.Context, scope, name string, at time.Time, then ...Acceptance) (automation.KVEntry, error)
}

// KVQuery selects entries. After is the name of the last entry seen; it needs its
// scope, in Scope or, when all scopes are listed, in AfterScope.
type KVQuery struct {
	Scope      string
	Prefix     string
	Encrypted  bool // only those that are
	After      string
	AfterScope string
	At         time.Time
	Limit      int
}

// Audit keeps who changed what, as a chain (package audit) that shows when a part of
// it was changed. Nothing but PruneAudit removes records, and nothing changes them.
type Audit interface {
	// AppendAudit adds records to the head of the chain, in their order, and gives them
	// numbers and hashes.
	AppendAudit(ctx context.Context, records ...automation.AuditRecord) error
	// AuditRecords returns the newest records that a query selects.
	AuditRecords(ctx context.Context, q AuditQuery) ([]automation.AuditRecord, error)
	// AuditChain returns where the chain begins and ends.
	AuditChain(ctx context.Context) (automation.AuditChain, error)
	// VerifyAudit looks whether the chain holds. That it does not is no error, but in
	// the report.
	VerifyAudit(ctx context.Context, c AuditCheck) (automation.AuditReport, error)
	// PruneAudit removes records from before a time, at most limit, from the old end: it
	// stops at the first that is younger. What is left still verifies.
	PruneAudit(ctx context.Context, before time.Time, limit int) (removed int, err error)
}

// AuditQuery selects records. Zero fields do not restrict.
type AuditQuery struct {
	User   string
	Verb   string
	Kind   string
	ID     string
	Failed *bool // true: the outcome is an error; false: it is ok
	Since  time.Time
	Until  time.Time
	// Oldest asks for the oldest records instead, oldest first.
	Oldest bool
	After  int64 // a number: only records behind it in that order
	Limit  int   // zero means 100
}

// AuditCheck says how the chain is looked at; zero fields mean all of it.
type AuditCheck struct {
	// Newest is how many records to look at, from the head.
	Newest int
	// Expect is a place that must be in the chain, because somebody has noted it down.
	Expect *automation.AuditPlace
}

// Credentials stores who may come in. Secrets are kept as hashes only.
type Credentials interface {
	// PutToken stores an API token by the SHA-256 of its text, and in the same
	// transaction the records of it.
	PutToken(ctx context.Context, t Token, noted ...automation.AuditRecord) error
	// Token finds a token; NotFound when there is none.
	Token(ctx context.Context, hash string) (Token, error)
	Tokens(ctx context.Context) ([]Token, error)
	// PutSession, Session and DeleteSession keep browser logins. Session returns
	// NotFound for one that has expired at the time given.
	PutSession(ctx context.Context, s Session) error
	Session(ctx context.Context, hash string, at time.Time) (Session, error)
	DeleteSession(ctx context.Context, hash string) error
}

// Token is an API token.
type Token struct {
	Hash      string // hexadecimal SHA-256 of the token's text
	Name      string
	User      string
	Role      string // "admin"
	CreatedAt time.Time
}

// Session is a browser login.
type Session struct {
	Hash      string // hexadecimal SHA-256 of the cookie's text
	User      string
	Role      string
	CreatedAt time.Time
	ExpiresAt time.Time
}
