package ambient_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/ambient"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestAmbientFunctionsNeedNoRight(t *testing.T) {
	t.Parallel()
	c, err := ambient.New(ambient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := hostfuncs.NewSet(c.Funcs())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	who := hostfuncs.Caller{
		Pack: "labs_sre", Action: "labs_sre.exec_pod", Execution: "65f0c0de0000000000000001", Attempt: 2,
		Rule: "labs_sre.generate", Event: "65f0c0de0000000000000000", Deadline: time.Unix(1_700_000_000, 0).UTC(),
		Config: map[string]any{"pprof_url": "http://127.0.0.1:6060"},
		Log:    func(level automation.LogLevel, text string) { lines = append(lines, string(level)+" "+text) },
	}
	tests := []struct {
		name, function, request, want string
		who                           hostfuncs.Caller
	}{
		{"the configuration", "config", ``, `{"ok":{"pprof_url":"http://127.0.0.1:6060"}}`, who},
		{"no configuration", "config", `{}`, `{"ok":{}}`, hostfuncs.Caller{}},
		{"who one is", "context", `{}`, `{"ok":{"execution":"65f0c0de0000000000000001","attempt":2,"action":"labs_sre.exec_pod","rule":"labs_sre.generate",` +
			`"event":"65f0c0de0000000000000000","pack":"labs_sre","deadline":"2023-11-14T22:13:20Z","idempotency_key":"squall-65f0c0de0000000000000001","attempt_key":"squall-65f0c0de0000000000000001-2"}}`, who},
		{"who one is without rule, event and deadline", "context", `{}`, `{"ok":{"execution":"","attempt":0,"action":"","pack":""}}`, hostfuncs.Caller{}},
		{"a line", "log", `{"level":"warning","message":"mind this"}`, `{"ok":{}}`, who},
		{"a line without a level", "log", `{"message":"so it is"}`, `{"ok":{}}`, who},
		{"a line that nobody reads", "log", `{"message":"hello?"}`, `{"ok":{}}`, hostfuncs.Caller{}},
		{"a level that is none", "log", `{"level":"loud","message":"x"}`, `{"error":{"kind":"invalid","message":"\"loud\" is not a log level","hint":"use debug, info, warning or error"}}`, who},
	}
	for _, tt := range tests {
		envelope, _ := set[tt.function].Call(t.Context(), tt.who, []byte(tt.request))
		if diff := cmp.Diff(tt.want, string(envelope)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if diff := cmp.Diff([]string{"warning mind this", "info so it is"}, lines); diff != "" {
		t.Error(diff)
	}
}
