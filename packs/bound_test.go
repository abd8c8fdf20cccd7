package packs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// boundTo binds a capability, written in YAML, to a payload, and returns what is left
// of it and what was noted. An empty payload stands for a person.
func boundTo(t *testing.T, capability, payload string) (automation.KubernetesCapability, string) {
	t.Helper()
	m, err := readManifest([]byte("name: x\nversion: 1.0.0\ndescription: d\nauthor: a\ncapabilities: {kubernetes: [" + capability + "]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var o *Occasion
	if payload != "" {
		v, err := expr.Decode([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		o = &Occasion{Payload: v, Received: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	}
	var notes []string
	l := &Lease{Grants: m.Capabilities}
	if !l.Binds() {
		t.Fatal("it does not depend on the event")
	}
	c := l.Bind(o, func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) })
	if len(c.Kubernetes) != 1 {
		t.Fatalf("%+v", c)
	}
	return c.Kubernetes[0], strings.Join(notes, "; ")
}

func TestRightsAreBoundToTheEvent(t *testing.T) {
	t.Parallel()
	const (
		names = `{verbs: [exec], resources: [pods], namespaces: ["prod-*"], names: ["{{ trigger.body.pod }}"], reason: r}`
		pods  = `{verbs: [exec], pods: ["{{ trigger.body.ns }}/{{ trigger.body.pod }}"], for: 10m, reason: r}`
		list  = `{verbs: [exec], pods: ["{{ trigger.body.pods }}"], reason: r}`
		free  = `{verbs: [exec], resources: [pods], namespaces: [shop], names: ["{{ trigger.body.pod }}"], manual: true, reason: r}`
	)
	for _, tt := range []struct {
		name, capability, payload string
		want                      []string // names, or pods; nil: it gives nothing
		note                      string
	}{
		{"the Pod that the event names", names, `{"body":{"pod":"leaky-1"}}`, []string{"leaky-1"}, ""},
		{"a pair", pods, `{"body":{"ns":"shop","pod":"leaky-1"}}`, []string{"shop/leaky-1"}, ""},
		{"a list of pairs", list, `{"body":{"pods":["a/b","c/d"]}}`, []string{"a/b", "c/d"}, ""},
		{"a star in the payload is a star", names, `{"body":{"pod":"*"}}`, []string{`\*`}, ""},
		{"all that a pattern knows", names, `{"body":{"pod":"a?[b]\\*"}}`, []string{`a\?\[b]\\\*`}, ""},
		{"a way out", names, `{"body":{"pod":"../other"}}`, nil, `"../other" is not a name`},
		{"one name in the place of a pair", list, `{"body":{"pods":["a"]}}`, nil, `"a" is not a name`},
		{"a pair too many", pods, `{"body":{"ns":"a/b","pod":"c"}}`, nil, "is not a name"},
		{"nothing", names, `{"body":{"pod":""}}`, nil, `"" is not a name`},
		{"what is not there", names, `{"body":{}}`, nil, "names"},
		{"a number", names, `{"body":{"pod":7}}`, nil, `"7" is not a name`},
		{"an object", names, `{"body":{"pod":{"x":1}}}`, nil, "is not a name"},
		{"an empty list", list, `{"body":{"pods":[]}}`, nil, ""},
		{"a very long name", names, `{"body":{"pod":"` + strings.Repeat("x", 601) + `"}}`, nil, "is not a name"},
		{"too many", list, `{"body":{"pods":[` + strings.TrimSuffix(strings.Repeat(`"a/b",`, 1001), ",") + `]}}`, nil, "is not a name"},
		{"a person", names, "", nil, "this execution has none"},
		{"a person who may", free, "", []string{"*"}, ""},
		{"an event where a person may too", free, `{"body":{"pod":"a"}}`, []string{"a"}, ""},
	} {
		got, note := boundTo(t, tt.capability, tt.payload)
		all := got.Names
		if len(got.Pods) > 0 {
			all = got.Pods
		}
		if diff := cmp.Diff(tt.want, all); (diff != "" && tt.want != nil) || !strings.Contains(note, tt.note) || (tt.note == "" && note != "") {
			t.Errorf("%s: %v, note %q: %s", tt.name, all, note, diff)
		}
		if nothing := len(got.Verbs) == 0; nothing != (tt.want == nil) {
			t.Errorf("%s: it gives nothing: %v (%+v)", tt.name, nothing, got)
		}
	}
	if got, _ := boundTo(t, pods, `{"body":{"ns":"shop","pod":"a"}}`); !got.Until.Equal(time.Date(2026, 5, 4, 12, 10, 0, 0, time.UTC)) {
		t.Errorf("it ends at %s", got.Until)
	}
}

func TestBoundRightsThatCanNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, capability, want string }{
		{"a template that is none", `{verbs: [exec], resources: [pods], names: ["{{ trigger. }}"], reason: r}`, "5:"},
		{"a Pod without its namespace", `{verbs: [exec], pods: [leaky], reason: r}`, "does not name a Pod"},
		{"both ways", `{verbs: [exec], pods: [a/b], names: [b], reason: r}`, "keep one of the two ways"},
		{"an end without a beginning", `{verbs: [exec], resources: [pods], for: 5m, reason: r}`, "have a meaning only where"},
		{"no labels at all", `{verbs: [exec], resources: [pods], labels: {}, reason: r}`, "labels names none"},
		{"labels that are no pairs", `{verbs: [exec], resources: [pods], labels: "app=web", reason: r}`, "labels must be a mapping"},
		{"a label that is a template", `{verbs: [exec], resources: [pods], labels: {app: "{{ trigger.app }}"}, reason: r}`, "can not hold a template"},
		{"a label that is no pattern", `{verbs: [exec], resources: [pods], labels: {app: "["}, reason: r}`, "is not a pattern"},
		{"a resource that is a template", `{verbs: [exec], resources: ["{{ trigger.x }}"], reason: r}`, "can not hold a template"},
	} {
		_, err := readManifest([]byte("name: x\nversion: 1.0.0\ndescription: d\nauthor: a\ncapabilities: {kubernetes: [" + tt.capability + "]}\n"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
