package rule

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestATrialSaysHowKeysWereRead(t *testing.T) {
	t.Parallel()
	reads, when := ruleOf(is("team", "equals", "{{ st2kv.system.team }}")), ruleOf()
	when.When = `kv("team") == "shop"`
	tests := []struct {
		name  string
		rule  automation.Rule
		store bool
		want  automation.KeysRead
	}{
		{"a template reads the store", reads, true, automation.KeysNow},
		{"a template finds no store", reads, false, automation.KeysNone},
		{"an expression reads the store", when, true, automation.KeysNow},
		{"an expression finds no store", when, false, automation.KeysNone},
		{"the payload has a member called system", ruleOf(is("team", "equals", "{{ trigger.system }}")), true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := eventOf(t, `{"team": "shop", "system": "shop"}`)
			if tt.store {
				in.KV = storeOf(map[string]string{"system/team": "shop"})
			}
			test, err := Test(tt.rule, in)
			if err != nil || test.Keys != tt.want || test.Matched != (tt.want != automation.KeysNone) {
				t.Errorf("%+v, %v", test, err)
			}
			tester, err := NewTester(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			if tester.Keys() != "" {
				t.Errorf("before the first test: %q", tester.Keys())
			}
			if tester.Test(in); tester.Keys() != tt.want {
				t.Errorf("the tester says %q", tester.Keys())
			}
		})
	}
}
