package expr

import "testing"

// BenchmarkTemplates shows what evaluating costs. A plain reference, the common
// case, allocates nothing; see TestPlainReferencesAllocateNothing.
func BenchmarkTemplates(b *testing.B) {
	scope := alertScope()
	for _, c := range []struct{ name, template string }{
		{"reference", "{{ trigger.body.alerts[0].labels.pod }}"},
		{"text", "pod {{ trigger.body.alerts[0].labels.pod }} is {{ trigger.body.status }}"},
		{"filter", "{{ trigger.body.status | upper }}"},
		{"condition", "{{ 'a' if trigger.body.status == 'firing' else 'b' }}"},
		{"loop", "{% for a in trigger.body.alerts %}{{ a.labels.pod }}{% endfor %}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			t, err := Compile(c.template)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Eval(scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompile shows what a rule costs when it is loaded.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile("{{ 'a' if trigger.body.status == 'firing' else 'b' | upper }}"); err != nil {
			b.Fatal(err)
		}
	}
}

func alertScope() map[string]any {
	alert := map[string]any{"labels": map[string]any{"pod": "web-1"}}
	return map[string]any{"trigger": map[string]any{"body": map[string]any{"status": "firing", "alerts": []any{alert, alert}}}}
}

func TestPlainReferencesAllocateNothing(t *testing.T) { // AllocsPerRun forbids t.Parallel
	compiled, err := Compile("{{ trigger.body.alerts[0].labels.pod }}")
	if err != nil {
		t.Fatal(err)
	}
	scope := alertScope()
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := compiled.Eval(scope); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("evaluating it allocates %v times", allocs)
	}
}
