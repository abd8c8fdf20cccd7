package secrets_test

import (
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/secrets"
	"github.com/squall-dev/squall/runtime/automation"
)

type oneSecret struct{}

func (oneSecret) Secret(name string) (string, bool) { return "s3cret", name == "token" }

// The value gets through to a pack that may see it, and to nobody else.
func TestTheValueIsForWhoMayRevealIt(t *testing.T) {
	t.Parallel()
	set, err := hostfuncs.NewSet(secrets.New().Funcs())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, request string
		reveal        bool
		want          string
	}{
		{"a handle", `{"name":"token"}`, false, `{"ok":{"handle":"` + hostfuncs.Handle("token") + `"}}`},
		{"the value", `{"name":"token","reveal":true}`, true, `{"ok":{"value":"s3cret"}}`},
		{"the value, which it may not see", `{"name":"token","reveal":true}`, false, "denied"},
		{"one that is not there", `{"name":"other","reveal":true}`, true, "not_found"},
	} {
		who := hostfuncs.Caller{
			Secrets: oneSecret{},
			Scrub:   func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "s3cret", "***")) },
			Grants: automation.Capabilities{Secrets: []automation.SecretCapability{
				{Name: "*", Reveal: tt.reveal}}},
		}
		envelope, record := set["secret"].Call(t.Context(), who, []byte(tt.request))
		if !strings.Contains(string(envelope), tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, envelope, tt.want)
		}
		if strings.Contains(record.Message+record.Detail, "s3cret") {
			t.Errorf("%s: the record tells it: %+v", tt.name, record)
		}
	}
}
