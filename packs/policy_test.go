package packs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestPoliciesAreReadAsStackStormWritesThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, yaml string
		want       automation.Policy
	}{
		{"concurrency delays unless it says otherwise", "name: p\nresource_ref: shop.dump\npolicy_type: action.concurrency\nparameters:\n  threshold: 3\n",
			automation.Policy{Enabled: true, Type: automation.PolicyConcurrency, Threshold: 3, Action: automation.PolicyDelay}},
		{"concurrency by attributes", "name: p\npack: shop\ndescription: One for each host.\nenabled: false\nresource_ref: shop.dump\npolicy_type: action.concurrency.attr\nparameters: {action: cancel, threshold: 1, attributes: [hostname]}\n",
			automation.Policy{Type: automation.PolicyConcurrencyAttr, Threshold: 1, Attributes: []string{"hostname"}, Action: automation.PolicyCancel, Description: "One for each host."}},
		{"retry counts twice unless it says otherwise", "name: p\nresource_ref: shop.dump\npolicy_type: action.retry\nparameters: {retry_on: timeout, delay: 0}\n",
			automation.Policy{Enabled: true, Type: automation.PolicyRetry, RetryOn: automation.RetryOnTimeout, MaxRetryCount: 2}},
		{"seconds are the unit of delay", "name: p\nresource_ref: shop.dump\npolicy_type: action.retry\nparameters: {retry_on: failure, max_retry_count: 5, delay: 120}\n",
			automation.Policy{Enabled: true, Type: automation.PolicyRetry, RetryOn: automation.RetryOnFailure, MaxRetryCount: 5, Delay: 2 * time.Minute}},
		{"rate", "name: p\nresource_ref: shop.dump\npolicy_type: rate\nparameters: {limit: 10, window: 1m}\n",
			automation.Policy{Enabled: true, Type: automation.PolicyRate, Limit: 10, Window: time.Minute, Action: automation.PolicyDelay}},
		{"queue", "name: p\nresource_ref: shop.dump\npolicy_type: queue\nparameters: {max_depth: 500}\n",
			automation.Policy{Enabled: true, Type: automation.PolicyQueue, MaxDepth: 500}},
	} {
		got, err := readPolicy("policies/p.yaml", "shop", []byte(tt.yaml))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		tt.want.Pack, tt.want.Name, tt.want.Resource = "shop", "p", "shop.dump"
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(automation.Policy{}, "Position")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAnActionSaysHowItIsTriedAgain(t *testing.T) {
	t.Parallel()
	a, err := readAction("actions/a.yaml", "shop", []byte("name: a\npriority: -5\ntimeout: 10s\ntotal_timeout: 5m\n"+
		"retry: {max_attempts: 4, delay: 2s, max_delay: 1m, backoff: fixed, jitter: 0.25, on: [timeout]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := automation.Retry{MaxAttempts: 4, Delay: 2 * time.Second, MaxDelay: time.Minute, Fixed: true, Jitter: 0.25, On: []automation.RetryOn{automation.RetryOnTimeout}}
	if diff := cmp.Diff(want, a.Retry); diff != "" || a.Priority != -5 || a.TotalTimeout != 5*time.Minute {
		t.Errorf("action %+v (-want +got):\n%s", a, diff)
	}
}
