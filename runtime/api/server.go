// Package api speaks HTTP: routes.go is its index, one file per resource. A
// handler decodes, calls one method and encodes; there is no rule of business
// here.
package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/live"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/trigger"
)

// engine is what handlers ask to change the world.
type engine interface {
	Ingest(ctx context.Context, ev automation.Event) (automation.Accepted, error)
	IngestOnce(ctx context.Context, ev automation.Event, key store.EventKey) (_ automation.Accepted, again bool, err error)
	Submit(ctx context.Context, r automation.RunRequest) (automation.Execution, error)
	Rerun(ctx context.Context, r automation.RunRequest, remove []string) (automation.Execution, error)
	Cancel(ctx context.Context, id, user string) error
	Pause(ctx context.Context, id, user string) error
	Resume(ctx context.Context, id string) error
	Policies(ctx context.Context, policies []automation.Policy) ([]automation.PolicyStatus, error)
	Release(ctx context.Context, event string, rule automation.Ref, item int, by string) (automation.Execution, error)
	PutKey(ctx context.Context, e automation.KVEntry) (automation.KVEntry, error)
	DeleteKey(ctx context.Context, scope, name string) error
	Ready() bool
}

// reader is what handlers ask about history.
type reader interface {
	store.Reader
	KVGet(ctx context.Context, scope, name string, at time.Time) (automation.KVEntry, error)
	KVList(ctx context.Context, q store.KVQuery) ([]automation.KVEntry, error)
	PutDelivery(ctx context.Context, d automation.Delivery) error
	Deliveries(ctx context.Context, q store.DeliveryQuery) ([]automation.Delivery, error)
	PinArtifact(ctx context.Context, id, by string, at time.Time) (automation.Artifact, error)
	Ping(ctx context.Context) error
}

// Catalogue is what is in service.
type Catalogue interface {
	Rules() []automation.Rule
	Rule(ref automation.Ref) (automation.Rule, bool)
	Actions() []automation.Action
	Action(ref automation.Ref) (automation.Action, bool)
	Packs() []automation.PackStatus
	// DeclaredPolicies and DeclaredPolicy also know those that are disabled.
	DeclaredPolicies() []automation.Policy
	DeclaredPolicy(ref automation.Ref) (automation.Policy, bool)
	Webhooks() map[string][]automation.Ref
	// Endpoint says how a pack checks deliveries to a path.
	Endpoint(path string) (trigger.Endpoint, bool)
	HasTrigger(ref automation.Ref) bool
	Triggers() []automation.TriggerType
	TriggerType(ref automation.Ref) (automation.TriggerType, bool)
}

// content opens an artifact's bytes.
type content interface {
	Reader(a automation.Artifact) (io.ReadSeekCloser, error)
}

// Options are what the server is made of. All but PublicURL, Rejected and Recorded are
// required.
type Options struct {
	Engine    engine
	Store     reader
	Catalogue func() Catalogue
	Guard     *access.Guard
	Live      *live.Hub
	Artifacts content
	// Audit keeps who changed what. Recorded is told of each record, or that one could
	// not be written.
	Audit    auditor
	Recorded func(ok bool)
	// TestRule judges an event by a rule as written in YAML. One without an id is
	// nothing but a payload.
	TestRule func(ctx context.Context, ruleYAML []byte, ev automation.Event) (automation.RuleTest, error)
	// ReplayRule judges the last events of its trigger by a rule: as written in YAML,
	// or the one in service when that is empty.
	ReplayRule func(ctx context.Context, ruleYAML []byte, ref automation.Ref, last int) (automation.RuleReplay, error)
	// WholeTape puts the large bodies of a tape back into it.
	WholeTape func(context.Context, automation.Tape) (automation.Tape, error)
	// Backup writes a backup; LastBackup tells when one was last written to its end.
	Backup     func(ctx context.Context, w io.Writer) error
	LastBackup func() automation.LastBackup
	// ReplayExecution runs an attempt again from its tape; attempt 0 is the last, no
	// code means the module that was recorded.
	ReplayExecution func(ctx context.Context, id string, attempt int, code []byte) (automation.ExecutionReplay, error)
	// TestRuleInService judges an event by a rule that is loaded.
	TestRuleInService func(ctx context.Context, r automation.Rule, ev automation.Event) (automation.RuleTest, error)
	// Misses makes anew the verdicts on a stored event that were not kept.
	Misses func(ctx context.Context, ev automation.Event) (automation.EventMisses, error)
	// Example makes a value that is likely to fit a JSON Schema; nil when nobody can.
	Example func(schema map[string]any) any
	// Sources tells how timers, sensors and watches are doing; nil when there are
	// none.
	Sources func() []automation.SourceStatus
	Sensors sensors
	Grants  granter
	Secrets secrets
	// Mask hides the values of an execution's secret parameters; nil hides none.
	Mask func(automation.Execution) json.RawMessage
	// Changes holds back what guests change.
	Changes changes
	// Doctor looks whether the server is well; deep, it takes its time.
	Doctor   func(deep bool) []automation.Check
	Page     http.Handler // the single-page application
	Metrics  http.Handler
	Rejected func(reason string) // counts refused webhooks
	// Delivered counts what became of deliveries to webhooks that rules listen to.
	Delivered func(webhook, outcome string)
	// Watched counts watchers of the live stream that come (1) and go (-1),
	// WatcherDropped those that were cut off because they took nothing for
	// StreamPatience; 0 is ten seconds.
	Watched        func(change int)
	WatcherDropped func()
	StreamPatience time.Duration
	// Retention keeps the history within its bounds.
	Retention keeper
	// TrustedProxies may tell for whom they speak (X-Forwarded-For).
	TrustedProxies []netip.Prefix
	MaxBody        int64 // of a webhook, in bytes
	// Endpoints say how deliveries are checked, by path, and win over those of packs;
	// the others are open, unless DeclaredOnly is set.
	Endpoints    map[string]trigger.Endpoint
	DeclaredOnly bool
	// Proxies may tell whose certificate a client has.
	Proxies   trigger.Proxies
	PublicURL string
	Version   Version
	Logger    *slog.Logger
}

// Server is the HTTP surface. Create it with New and mount Handler.
type Server struct {
	Options
	echo  *echo.Echo
	ids   automation.IDs // of deliveries
	kept  allowance
	tally tally
	redactor
	waiting atomic.Int64 // senders that wait for a result
}

// New makes the server. It starts nothing.
func New(o Options) (*Server, error) {
	if o.Engine == nil || o.Store == nil || o.Catalogue == nil || o.Guard == nil || o.Live == nil || o.Audit == nil ||
		o.Artifacts == nil || o.TestRule == nil || o.TestRuleInService == nil || o.Doctor == nil || o.Page == nil || o.Metrics == nil || o.Logger == nil {
		return nil, errors.New("api.New: an option is missing")
	}
	if o.Rejected == nil {
		o.Rejected = func(string) {}
	}
	if o.Recorded == nil {
		o.Recorded = func(bool) {}
	}
	if o.Watched == nil {
		o.Watched = func(int) {}
	}
	if o.WatcherDropped == nil {
		o.WatcherDropped = func() {}
	}
	o.StreamPatience = cmp.Or(o.StreamPatience, streamPatience)
	s := &Server{Options: o, echo: echo.New(), redactor: newRedactor()}
	s.Logger = o.Logger.With("component", "api")
	s.echo.IPExtractor = remoteOf(o.TrustedProxies)
	s.echo.HTTPErrorHandler = s.writeError
	routes := s.routes()
	ids, open, known := &automation.IDs{}, openRoutes(routes), completed(routes)
	// Echo puts the chain together anew for each request: what takes long is made before.
	s.echo.Use(s.recoverPanic,
		func(next echo.HandlerFunc) echo.HandlerFunc { return s.identify(ids, next) },
		func(next echo.HandlerFunc) echo.HandlerFunc { return s.requireIdentity(open, next) },
		func(next echo.HandlerFunc) echo.HandlerFunc { return s.audited(known, next) })
	for _, r := range routes {
		s.echo.Add(r.Method, r.Path, r.Handle)
		if r.Method == http.MethodGet { // net/http drops the body
			s.echo.HEAD(r.Path, r.Handle)
		}
	}
	s.echo.GET("/*", s.page)
	s.echo.HEAD("/*", s.page)
	return s, nil
}

// Handler serves everything.
func (s *Server) Handler() http.Handler { return s.echo }

// page serves the application, but never in the place of an API answer.
func (s *Server) page(c echo.Context) error {
	if p := c.Request().URL.Path; p == "/api" || strings.HasPrefix(p, "/api/") {
		return automation.NotFound("there is no %s", brief(p)).WithHint("the API is described at /api/v1/openapi.json")
	}
	s.Page.ServeHTTP(c.Response(), c.Request())
	return nil
}

// maxRequest bounds the JSON bodies that people and the CLI send.
const maxRequest = 8 << 20

// decode reads a JSON body strictly. Numbers of any type stay as they are written:
// those beyond 2^53 must reach a guest with all their digits.
func decode(c echo.Context, into any) error {
	err := decodeOptional(c, into)
	if errors.Is(err, io.EOF) {
		return automation.Invalid("the request has no body").WithCode("malformed")
	}
	return err
}

// decodeOptional reads a JSON body that may be missing: then it returns io.EOF.
func decodeOptional(c echo.Context, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxRequest))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return err
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errTooLarge(tooLarge.Limit)
	}
	if err != nil {
		return automation.Invalid("the request body is not what this route expects").WithCode("malformed").Because(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return automation.Invalid("the request body goes on after its JSON value").WithCode("malformed")
	}
	return nil
}

// brief cuts what a caller wrote to a length that an answer may repeat.
func brief(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
