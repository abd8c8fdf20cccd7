package packs

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/squall-dev/squall/runtime/automation"
)

func packFiles(name string, files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"pack.yaml": {Data: []byte("name: " + name + "\nref: " + name)}}
	for file, text := range files {
		fsys[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

const podTrigger = `
name: pod
payload_check: warn
parameters_schema: {type: object, properties: {url: {type: string, required: true}}, additionalProperties: false}
payload_schema: {type: object, properties: {pod: {type: string, required: true}}}
`

func podRule(parameters string) string {
	return "name: r\nenabled: true\ntrigger: {type: shop.pod, parameters: " + parameters + "}\naction: {ref: core.noop}\n"
}

func TestPayloadsAreComparedWithTheSchemaOfTheirTrigger(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	loader := testLoader(t, &fakeEngine{})
	mustInstall(t, r, mustLoad(t, loader, packFiles("shop", map[string]string{"triggers/pod.yaml": podTrigger})))
	mustInstall(t, r, mustLoad(t, loader, packFiles("core", map[string]string{
		"triggers/webhook.yaml": "name: st2.webhook\npayload_schema: {type: object, properties: {body: {type: integer, required: true}}}"})))
	s := r.Snapshot()
	if declared, ok := s.TriggerType("shop.pod"); !ok || declared.PayloadCheck != automation.PayloadWarn {
		t.Errorf("trigger type = %+v %v", declared, ok)
	}
	if _, ok := s.TriggerType("shop.nope"); ok {
		t.Error("a trigger type that nobody declares is there")
	}
	for _, tt := range []struct {
		name    string
		trigger automation.Ref
		payload any
		want    string
	}{
		{"what fits", "shop.pod", map[string]any{"pod": "a"}, ""},
		{"what does not", "shop.pod", map[string]any{"pod": int64(1)}, "the payload does not fit the schema of shop.pod: pod is number, not string"},
		{"a trigger that nobody declares takes anything", "shop.nope", int64(1), ""},
		{"a webhook takes anything", "core.st2.webhook", map[string]any{"body": "x"}, ""},
	} {
		err := s.CheckPayload(tt.trigger, tt.payload)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want || !errors.Is(err, automation.ErrInvalid)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestTriggerParametersOfRulesAreComparedWithTheirTrigger(t *testing.T) {
	t.Parallel()
	shop := map[string]string{"triggers/pod.yaml": podTrigger}
	for _, tt := range []struct {
		name, parameters, want string
		known                  bool
	}{
		{"what fits", "{url: a}", "", true},
		{"what is missing", "{}", `rules/r.yaml:1:1: the trigger parameters of rule site.r do not fit shop.pod: lacks "url"`, true},
		{"what is of the wrong type", "{url: 1}", "url is number, not string", true},
		{"what nobody declared", "{url: a, uri: b}", `must not have "uri"`, true},
		{"a trigger that is not known restricts nothing", "{uri: b}", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			r := testRegistry(t, RegistryOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			loader := testLoader(t, &fakeEngine{})
			if tt.known {
				mustInstall(t, r, mustLoad(t, loader, packFiles("shop", shop)))
			}
			err := r.Install(t.Context(), mustLoad(t, loader, packFiles("site", map[string]string{"rules/r.yaml": podRule(tt.parameters)})))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("install: %v, want %q", err, tt.want)
			}
			if warned := strings.Contains(log.String(), "no loaded pack declares"); warned == tt.known {
				t.Errorf("warned = %v:\n%s", warned, &log)
			}
		})
	}
}

func TestARuleOfThePackThatDeclaresItsTriggerIsCheckedToo(t *testing.T) {
	t.Parallel()
	r := testRegistry(t, RegistryOptions{})
	p := mustLoad(t, testLoader(t, &fakeEngine{}), packFiles("shop", map[string]string{"triggers/pod.yaml": podTrigger, "rules/r.yaml": podRule("{}")}))
	if err := r.Install(t.Context(), p); err == nil || !strings.Contains(err.Error(), `lacks "url"`) {
		t.Errorf("install: %v", err)
	}
	if _, there := r.Snapshot().Pack("shop"); there {
		t.Error("it is in service")
	}
}
