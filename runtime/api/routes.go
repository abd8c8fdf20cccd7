package api

import (
	"net/http"
	"reflect"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/flame"
)

// route is one line of the API's index. Everything that is not Open needs an
// identity; the default is to refuse.
type route struct {
	Method  string
	Path    string
	Handle  echo.HandlerFunc
	Open    bool
	Doc     string
	Request reflect.Type // nil: no JSON body
	Reply   reflect.Type // nil: not JSON
	Status  int          // of success
}

// Routes is the index of the API. It feeds the router, the OpenAPI document and
// the page's types.
func (s *Server) routes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{get, "/healthz", s.healthz, true, "Tells whether the process lives.", nil, reflect.TypeFor[Health](), 200},
		{get, "/readyz", s.readyz, true, "Tells whether the server can do its work.", nil, reflect.TypeFor[Health](), 200},
		{get, "/metrics", s.metrics, false, "Metrics in Prometheus' text format.", nil, nil, 200},
		{post, "/api/v1/webhooks/*", s.receiveWebhook, true, "Receives an event.", nil, reflect.TypeFor[automation.Accepted](), 202},
		{post, "/api/v1/login", s.login, true, "Opens a session for the holder of a one-time code or a token.", reflect.TypeFor[Login](), reflect.TypeFor[access.Identity](), 200},
		{post, "/api/v1/logout", s.logout, false, "Ends the session.", nil, nil, 204},
		{get, "/api/v1/me", s.me, false, "Tells who is asking.", nil, reflect.TypeFor[access.Identity](), 200},
		{get, "/api/v1/version", s.version, false, "Tells which build is running.", nil, reflect.TypeFor[Version](), 200},
		{get, "/api/v1/backup", s.getBackup, false, "Everything that the server remembers, as a gzipped tar archive.", nil, nil, 200},
		{get, "/api/v1/backup/last", s.lastBackup, false, "When a backup was last written.", nil, reflect.TypeFor[automation.LastBackup](), 200},
		{get, "/api/v1/audit", s.listAudit, false, "Who changed what, newest first; for admins.", nil, reflect.TypeFor[List[automation.AuditRecord]](), 200},
		{get, "/api/v1/audit/verify", s.verifyAudit, false, "Looks whether the audit chain holds; for admins.", nil, reflect.TypeFor[automation.AuditReport](), 200},
		{get, "/api/v1/doctor", s.doctor, false, "Looks whether the server is well.", nil, reflect.TypeFor[List[automation.Check]](), 200},
		{get, "/api/v1/openapi.json", s.openapi, false, "This API as an OpenAPI 3.1 document.", nil, nil, 200},
		{get, "/api/v1/stream", s.stream, false, "Changes as server-sent events.", nil, nil, 200},
		{get, "/api/v1/events", s.listEvents, false, "Events, newest first.", nil, reflect.TypeFor[List[automation.Event]](), 200},
		{post, "/api/v1/events", s.sendEvent, false, "Sends an event of any trigger type.", reflect.TypeFor[NewEvent](), reflect.TypeFor[automation.Accepted](), 202},
		{get, "/api/v1/events/:id", s.getEvent, false, "One event with payload, verdicts and executions.", nil, reflect.TypeFor[automation.Event](), 200},
		{get, "/api/v1/events/:id/misses", s.eventMisses, false, "Why rules did not match that left no verdict, as they are now.", nil, reflect.TypeFor[automation.EventMisses](), 200},
		{post, "/api/v1/events/:id/release", s.releaseVerdict, false, "Lets a suppressed verdict about an event pass.", reflect.TypeFor[ReleaseRequest](), reflect.TypeFor[automation.Execution](), 201},
		{get, "/api/v1/verdicts", s.listVerdicts, false, "What rules decided, newest event first.", nil, reflect.TypeFor[List[automation.Verdict]](), 200},
		{get, "/api/v1/executions", s.listExecutions, false, "Executions, newest first.", nil, reflect.TypeFor[ExecutionList](), 200},
		{post, "/api/v1/executions", s.runAction, false, "Runs an action.", reflect.TypeFor[automation.RunRequest](), reflect.TypeFor[automation.Execution](), 201},
		{get, "/api/v1/executions/:id", s.getExecution, false, "One execution with attempts and artifacts.", nil, reflect.TypeFor[automation.Execution](), 200},
		{get, "/api/v1/executions/:id/log", s.getLog, false, "Lines of an execution's log.", nil, reflect.TypeFor[LogPage](), 200},
		{get, "/api/v1/executions/:id/tape", s.getTape, false, "The host calls of an attempt, with what was said; the last attempt without ?attempt.", nil, reflect.TypeFor[automation.AttemptTape](), 200},
		{get, "/api/v1/executions/:id/case", s.getCase, false, "The last attempt as a test of its pack.", nil, reflect.TypeFor[automation.RecordedCase](), 200},
		{post, "/api/v1/executions/:id/replay", s.replayExecution, false, "Runs an attempt again from its tape, without touching the world; with the module in the body, or the recorded one.", nil, reflect.TypeFor[automation.ExecutionReplay](), 200},
		{post, "/api/v1/executions/:id/cancel", s.cancelExecution, false, "Stops an execution.", nil, reflect.TypeFor[automation.ExecutionSummary](), 202},
		{post, "/api/v1/executions/:id/rerun", s.rerunExecution, false, "Runs an execution again, with some parameters replaced.", reflect.TypeFor[Rerun](), reflect.TypeFor[automation.Execution](), 201},
		{post, "/api/v1/executions/:id/pause", s.pauseExecution, false, "Puts an execution aside that has not begun.", nil, reflect.TypeFor[automation.ExecutionSummary](), 200},
		{post, "/api/v1/executions/:id/resume", s.resumeExecution, false, "Lets a paused execution run.", nil, reflect.TypeFor[automation.ExecutionSummary](), 200},
		{get, "/api/v1/policies", s.listPolicies, false, "The policies of all packs and what they hold back; of one action with ?action.", nil, reflect.TypeFor[List[automation.PolicyStatus]](), 200},
		{get, "/api/v1/policies/:ref", s.getPolicy, false, "One policy.", nil, reflect.TypeFor[automation.PolicyStatus](), 200},
		{get, "/api/v1/changes", s.getChanges, false, "What holds changes of host calls back: the stop switch, budgets, the breaker.", nil, reflect.TypeFor[automation.ChangeGuard](), 200},
		{put, "/api/v1/changes/stop", s.stopChanges, false, "Holds back every change; calls that only read go on.", reflect.TypeFor[StopRequest](), reflect.TypeFor[automation.ChangeGuard](), 200},
		{del, "/api/v1/changes/stop", s.resumeChanges, false, "Lets changes pass again.", nil, reflect.TypeFor[automation.ChangeGuard](), 200},
		{post, "/api/v1/changes/held/:id/release", s.releaseChange, false, "Runs an execution again whose change was held back, and lets it pass once.", nil, reflect.TypeFor[automation.Execution](), 201},
		{get, "/api/v1/rules", s.listRules, false, "The rules in service.", nil, reflect.TypeFor[List[automation.Rule]](), 200},
		{get, "/api/v1/rules/:ref", s.getRule, false, "One rule with its newest verdicts.", nil, reflect.TypeFor[RuleDetail](), 200},
		{post, "/api/v1/rules/test", s.testRule, false, "Tells what a rule would decide.", reflect.TypeFor[RuleTestRequest](), reflect.TypeFor[automation.RuleTest](), 200},
		{post, "/api/v1/rules/replay", s.replayRule, false, "Tells what a rule would have decided about the last events.", reflect.TypeFor[RuleReplayRequest](), reflect.TypeFor[automation.RuleReplay](), 200},
		{get, "/api/v1/actions", s.listActions, false, "The actions in service.", nil, reflect.TypeFor[List[automation.Action]](), 200},
		{get, "/api/v1/actions/:ref", s.getAction, false, "One action.", nil, reflect.TypeFor[automation.Action](), 200},
		{get, "/api/v1/packs", s.listPacks, false, "The packs, in service or broken.", nil, reflect.TypeFor[List[automation.PackStatus]](), 200},
		{get, "/api/v1/packs/:name", s.getPack, false, "One pack.", nil, reflect.TypeFor[automation.PackStatus](), 200},
		{get, "/api/v1/packs/:name/grants", s.getGrants, false, "What a pack asks for and what it is granted.", nil, reflect.TypeFor[automation.Grants](), 200},
		{get, "/api/v1/packs/:name/usage", s.getUsage, false, "What a pack has used of what it may do; 30 days back without ?since.", nil, reflect.TypeFor[automation.PackUsage](), 200},
		{put, "/api/v1/packs/:name/grants", s.putGrants, false, "Narrows a pack to these capabilities, at once.", reflect.TypeFor[automation.Capabilities](), reflect.TypeFor[automation.Grants](), 200},
		{del, "/api/v1/packs/:name/grants", s.deleteGrants, false, "Leaves a pack what it asks for.", nil, reflect.TypeFor[automation.Grants](), 200},
		{get, "/api/v1/secrets", s.listSecrets, false, "The secrets, without their values.", nil, reflect.TypeFor[List[automation.Secret]](), 200},
		{post, "/api/v1/secrets/rotate", s.rotateSecrets, false, "Makes a new key and seals every stored secret with it.", nil, reflect.TypeFor[Rotation](), 200},
		{put, "/api/v1/secrets/:name", s.putSecret, false, "Keeps a secret.", reflect.TypeFor[SecretValue](), reflect.TypeFor[automation.Secret](), 200},
		{del, "/api/v1/secrets/:name", s.deleteSecret, false, "Forgets a stored secret.", nil, nil, 204},
		{get, "/api/v1/webhooks", s.listWebhooks, false, "The webhooks that rules listen to.", nil, reflect.TypeFor[List[Webhook]](), 200},
		{get, "/api/v1/sources", s.listSources, false, "Timers, sensors and watches, and how they are doing.", nil, reflect.TypeFor[List[automation.SourceStatus]](), 200},
		{get, "/api/v1/sources/*", s.getSource, false, "One timer, sensor or watch.", nil, reflect.TypeFor[automation.SourceStatus](), 200},
		{get, "/api/v1/triggers", s.listTriggers, false, "The trigger types that packs declare.", nil, reflect.TypeFor[List[Trigger]](), 200},
		{get, "/api/v1/triggers/:ref", s.getTrigger, false, "One trigger type with an example payload.", nil, reflect.TypeFor[Trigger](), 200},
		{get, "/api/v1/kv", s.listKeys, false, "Keys and values of a scope, by name.", nil, reflect.TypeFor[List[automation.KVEntry]](), 200},
		{get, "/api/v1/kv/:scope/*", s.getKey, false, "One key and its value.", nil, reflect.TypeFor[automation.KVEntry](), 200},
		{put, "/api/v1/kv/:scope/*", s.putKey, false, "Sets a key.", reflect.TypeFor[NewValue](), reflect.TypeFor[automation.KVEntry](), 200},
		{del, "/api/v1/kv/:scope/*", s.deleteKey, false, "Removes a key.", nil, nil, 204},
		{get, "/api/v1/deliveries", s.listDeliveries, false, "Deliveries that were not simply accepted, newest first.", nil, reflect.TypeFor[List[automation.Delivery]](), 200},
		{get, "/api/v1/sensors", s.listSensors, false, "The sensors of all packs, and how they are doing.", nil, reflect.TypeFor[List[automation.SourceStatus]](), 200},
		{get, "/api/v1/sensors/:ref", s.getSensor, false, "One sensor with its cursor and its latest log.", nil, reflect.TypeFor[automation.SensorDetail](), 200},
		{post, "/api/v1/sensors/:ref/poll", s.pollSensor, false, "Asks a sensor now.", nil, reflect.TypeFor[automation.SensorDetail](), 200},
		{post, "/api/v1/sensors/:ref/pause", s.pauseSensor, false, "Stops asking a sensor.", nil, reflect.TypeFor[automation.SensorDetail](), 200},
		{post, "/api/v1/sensors/:ref/resume", s.resumeSensor, false, "Asks a sensor again.", nil, reflect.TypeFor[automation.SensorDetail](), 200},
		{post, "/api/v1/sensors/:ref/reset", s.resetSensor, false, "Lets a sensor begin anew, or go on from a cursor.", reflect.TypeFor[SensorReset](), reflect.TypeFor[automation.SensorDetail](), 200},
		{get, "/api/v1/artifacts", s.listArtifacts, false, "Artifacts, newest first.", nil, reflect.TypeFor[List[automation.Artifact]](), 200},
		{put, "/api/v1/artifacts/:id/pin", s.pinArtifact, false, "Keeps an artifact and its execution, whatever retention says.", nil, reflect.TypeFor[automation.Artifact](), 200},
		{del, "/api/v1/artifacts/:id/pin", s.unpinArtifact, false, "Leaves an artifact to retention.", nil, reflect.TypeFor[automation.Artifact](), 200},
		{get, "/api/v1/retention", s.getRetention, false, "How far the history is kept, and what is to go.", nil, reflect.TypeFor[automation.Retention](), 200},
		{post, "/api/v1/retention", s.applyRetention, false, "Applies the rules of retention soon; a dry run only tells.", reflect.TypeFor[RetentionRequest](), reflect.TypeFor[automation.Retention](), 202},
		{get, "/api/v1/artifacts/:id", s.getArtifact, false, "One artifact's record.", nil, reflect.TypeFor[automation.Artifact](), 200},
		{get, "/api/v1/artifacts/:id/content", s.getArtifactContent, false, "An artifact's bytes; ranges are honoured.", nil, nil, 200},
		{get, "/api/v1/artifacts/:id/flame", s.getFlame, false, "A pprof artifact as a flame graph; with `base`, compared with an earlier one.", nil, reflect.TypeFor[flame.Flame](), 200},
	}
}

// List is one page of a list. Next is the id to pass as "after" for more; empty
// at the end.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func page[T any](items []T, limit int, id func(T) string) List[T] {
	l := List[T]{Items: items}
	if l.Items == nil {
		l.Items = []T{}
	}
	if len(items) >= limit { // more when the store does not cut what belongs together
		l.Next = id(items[len(items)-1])
	}
	return l
}
