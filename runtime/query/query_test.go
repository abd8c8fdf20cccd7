package query_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
)

func now() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func values(texts ...string) (all []query.Value) {
	for _, text := range texts {
		all = append(all, query.Value{Text: text, Glob: strings.Contains(text, "*")})
	}
	return all
}

func TestParse(t *testing.T) {
	t.Parallel()
	id := "6740b1e2c3d4e5f6a7b8c901"
	for _, tt := range []struct {
		name string
		text string
		want []query.Term
	}{
		{"nothing selects everything", "  \t ", nil},
		{"values are alternatives", "status:failed,timed_out", []query.Term{{Field: query.Status, Values: values("failed", "timed_out"), Column: 1}}},
		{"a star is a pattern", "action:k8s.*", []query.Term{{Field: query.Action, Values: values("k8s.*"), Column: 1}}},
		{"a star in quotes is none", `action:"k8s.*"`, []query.Term{{Field: query.Action, Values: []query.Value{{Text: "k8s.*"}}, Column: 1}}},
		{"a minus turns round", " -rule:x", []query.Term{{Field: query.Rule, Not: true, Values: values("x"), Column: 2}}},
		{"words without a key are looked for", `oom -"disruption budget"`, []query.Term{
			{Field: query.Text, Values: values("oom"), Column: 1},
			{Field: query.Text, Not: true, Values: values("disruption budget"), Column: 5}}},
		{"a parameter has a path", "param.node.name:ip-10-2-*", []query.Term{{Field: query.Param, Name: "node.name", Values: values("ip-10-2-*"), Column: 1}}},
		{"a parameter may stand in lists", "param.a[0][12].b:x", []query.Term{{Field: query.Param, Name: "a[0][12].b", Values: values("x"), Column: 1}}},
		{"quotes keep blanks and commas", `actor:"a, b",c`, []query.Term{{Field: query.Actor, Values: values("a, b", "c"), Column: 1}}},
		{"a quote in quotes", `"say \"hi\""`, []query.Term{{Field: query.Text, Values: values(`say "hi"`), Column: 1}}},
		{"a duration is compared", "duration:>=1m30s", []query.Term{{Field: query.Duration, Values: values(">=1m30s"), Op: query.AtLeast, Number: int64(90 * time.Second), Column: 1}}},
		{"attempts are a number", "attempts:3", []query.Term{{Field: query.Attempts, Values: values("3"), Op: query.Equal, Number: 3, Column: 1}}},
		{"since counts back", "since:7d", []query.Term{{Field: query.Since, Values: values("7d"), Time: now().Add(-168 * time.Hour), Column: 1}}},
		{"until is a day", "until:2026-11-20", []query.Term{{Field: query.Until, Values: values("2026-11-20"), Time: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Column: 1}}},
		{"an alias is its field", "started_from:" + id, []query.Term{{Field: query.From, Values: values(id), Column: 1}}},
		{"a time of day is a word", "12:30", []query.Term{{Field: query.Text, Values: values("12:30"), Column: 1}}},
		{"columns count characters", "größe status:failed", []query.Term{
			{Field: query.Text, Values: values("größe"), Column: 1}, {Field: query.Status, Values: values("failed"), Column: 7}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := query.Parse(tt.text, now())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, f.Terms); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseTellsWhereAndWhatWasMeant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, message, hint string }{
		{"status:failed acton:k8s.*", `column 15: there is no key "acton"`, "did you mean action?"},
		{"status:faild", `column 8: there is no status "faild"`, "did you mean failed?"},
		{"status:f*", "column 8: status takes no pattern", "status:failed,timed_out"},
		{"status:", "column 8: status has no value", "status:VALUE"},
		{"action:a,,b", "column 10: action has no value", ""},
		{`x "open`, "column 3: the quote is not closed", `close it with "`},
		{"param:x", "column 1: param needs the name", "param.node"},
		{"param.a[[0]:x", `"a[[0]" is not the path`, "param.hosts[0]"},
		{"param.a[]:x", `"a[]" is not the path`, ""},
		{"param.a[x]:y", `"a[x]" is not the path`, ""},
		{"param.a..b:y", `"a..b" is not the path`, ""},
		{"param.a]:y", `"a]" is not the path`, ""},
		{"rule.x:y", "column 1: rule has no parts", "rule:VALUE"},
		{"since:yesterday", `column 7: "yesterday" is neither`, "since:24h"},
		{"duration:30s", "column 10: a duration is compared", "duration:>30s"},
		{"duration:>x", `column 10: "x" is not a duration`, ""},
		{"attempts:many", `column 10: "many" is not a number`, "attempts:>1"},
		{"event:6740", `column 7: "6740" is not an id`, "24 hexadecimal"},
		{"dry:maybe", "column 5: dry is true or false", ""},
		{"a -", "column 3: the minus turns nothing round", ""},
		{"--", `column 2: "-" holds no word`, ""},
		{"since:1h,2h", "column 7: since takes one value", ""},
		{"http://x", `there is no key "http"`, "in quotes"},
		{"tag.env:prod", `there is no key "tag.env"`, "keys: "},
		{"a\xff", "not valid UTF-8", ""},
		{strings.Repeat("a ", 3000), "longer than", ""},
		{strings.Repeat("a ", 60), "more than 50 terms", ""},
	} {
		_, err := query.Parse(tt.text, now())
		if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), tt.message) || !strings.Contains(automation.HintOf(err), tt.hint) {
			t.Errorf("%.40q: %v (%s); want %q (%s)", tt.text, err, automation.HintOf(err), tt.message, tt.hint)
		}
	}
}

func TestKeysAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, k := range query.Keys() {
		if f, err := query.Parse(k.Example, now()); err != nil || len(f.Terms) != 1 || string(f.Terms[0].Field) != k.Name {
			t.Errorf("%s: %q is %v, %v", k.Name, k.Example, f, err)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"k8s.*", "k8s.restart", true}, {"k8s.*", "k8s", false}, {"*", "", true}, {"a*b*c", "a1b2c", true}, {"a*b*c", "acb", false},
		{"a*a", "a", false}, {"*b", "ab", true}, {"k?s", "k8s", false}, {"k8s", "k8s", true}, {"a*bc*bc", "abc", false},
	} {
		if got := values(tt.pattern)[0].Match(tt.text); got != tt.want {
			t.Errorf("%s on %s: %v", tt.pattern, tt.text, got)
		}
	}
}

func TestHasWords(t *testing.T) {
	t.Parallel()
	words := query.Words("Cannot evict Pod shop-7d9f: disruption budget of Größe_3!")
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"disruption budget", true}, {"DISRUPTION BUD", true}, {"budget disruption", false}, {"evict pod shop-7", true},
		{"vict", false}, {"größe 3", true}, {"pod of", false}, {"", false},
	} {
		if got := query.HasWords(words, query.Words(tt.text)); got != tt.want {
			t.Errorf("%q: %v in %q", tt.text, got, words)
		}
	}
}

// FuzzParse looks for filters that are understood otherwise once they are written
// anew, and for errors that point beyond the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`status:failed,timed_out -rule:x.* "a b" since:24h`, `param.a[0].b:"x\"y" duration:>30s`, "größe:x", "a:b:c", `x"y z"w`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := query.Parse(text, now())
		if err != nil {
			if !errors.Is(err, automation.ErrInvalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		var parts []string
		for _, term := range parsed.Terms {
			parts = append(parts, rewritten(term))
		}
		again, err := query.Parse(strings.Join(parts, "  "), now())
		if len(strings.Join(parts, "  ")) > 4096 {
			return
		}
		if err != nil {
			t.Fatalf("%q became %q: %v", text, parts, err)
		}
		for i := range again.Terms {
			again.Terms[i].Column = parsed.Terms[i].Column
		}
		if diff := cmp.Diff(parsed.Terms, again.Terms); diff != "" {
			t.Fatalf("%q became %q:\n%s", text, parts, diff)
		}
	})
}

func rewritten(t query.Term) string {
	var list []string
	for _, v := range t.Values {
		text := v.Text
		if !v.Glob {
			text = query.Quote(text)
		} else if strings.ContainsAny(text, `,"`) {
			text = v.Text
		}
		list = append(list, text)
	}
	key := string(t.Field) + ":"
	if t.Name != "" {
		key = string(t.Field) + "." + t.Name + ":"
	}
	if t.Field == query.Text {
		key = ""
	}
	minus := ""
	if t.Not {
		minus = "-"
	}
	return minus + key + strings.Join(slices.Clone(list), ",")
}
