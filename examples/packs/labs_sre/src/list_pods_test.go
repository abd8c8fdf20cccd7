package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

// twoPods is what an API server tells of a running Pod and of one that waits.
const twoPods = `{"items":[
  {"metadata":{"name":"web-0","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z"},
   "spec":{"nodeName":"node1","containers":[{"name":"a"},{"name":"b"}]},
   "status":{"phase":"Running","containerStatuses":[{"ready":true,"restartCount":2},{"ready":false,"restartCount":1}]}},
  {"metadata":{"name":"waits","namespace":"demo","creationTimestamp":null},
   "spec":{"nodeName":null,"containers":[{"name":"a"}]}, "status":{"phase":"Pending","containerStatuses":null}}
],"count":2,"truncated":false}`

func TestListPodsPrintsATable(t *testing.T) {
	t.Parallel()
	got := listing{}
	result := listed(t, twoPods, `{}`)
	if err := json.Unmarshal(result.Output, &got); err != nil || result.Code != 0 {
		t.Fatalf("code %d, output %s, %v\n%s", result.Code, result.Output, err, result.LogText())
	}
	lines := strings.Split(got.Table, "\n")
	want := []string{"NAMESPACE NAME PHASE READY RESTARTS NODE AGE", "demo waits Pending 0/1 0 <none> <none>", "shop web-0 Running 1/2 3 node1"}
	for i := range want {
		if line := strings.Join(strings.Fields(lines[i]), " "); !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d is %q, want %q", i, line, want[i])
		}
	}
	if strings.Index(lines[1], "Pending") != strings.Index(lines[2], "Running") {
		t.Errorf("columns are not aligned:\n%s", got.Table)
	}
	if got.Count != 2 || len(got.Pods) != 2 || got.Pods[1].Restarts != 3 {
		t.Errorf("pods %+v", got.Pods)
	}
	if !strings.Contains(result.LogText(), "info: shop ") {
		t.Errorf("the table is not in the log:\n%s", result.LogText())
	}
}

func TestListPodsOfAnEmptyCluster(t *testing.T) {
	t.Parallel()
	for _, items := range []string{`null`, `[]`} {
		got := listed(t, `{"items":`+items+`}`, `{"namespace":null}`)
		if got.Code != 0 || !strings.Contains(string(got.Output), `"count":0,"pods":[]`) {
			t.Errorf("items %s: code %d, output %s", items, got.Code, got.Output)
		}
	}
}

func TestListPodsSaysThatThereAreMore(t *testing.T) {
	t.Parallel()
	got := listed(t, `{"items":[],"truncated":true}`, `{}`)
	if !strings.Contains(got.LogText(), "warning: the cluster has more Pods") {
		t.Errorf("log:\n%s", got.LogText())
	}
}

func TestListPodsAsksForWhatWasSelected(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	squalltest.Handle(s, "kube_list", func(r squall.KubeListRequest) (any, error) {
		if r.Resource != "pods" || r.Namespace != "shop" || r.LabelSelector != "app=web" || len(r.Fields) == 0 {
			t.Errorf("request %+v", r)
		}
		return json.RawMessage(twoPods), nil
	})
	s.Run(listPods, `{"namespace":"shop","label_selector":"app=web"}`)
}

func TestListPodsHandsOnARefusal(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	squalltest.Handle(s, "kube_list", func(squall.KubeListRequest) (any, error) {
		return nil, &squall.HostError{Kind: squall.ErrDenied, Message: "may not list", Hint: "add a verb"}
	})
	got := s.Run(listPods, `{}`)
	if want := "list Pods: may not list - add a verb"; got.Code != 1 || got.Message() != want {
		t.Errorf("code %d, message %q, want %q", got.Code, got.Message(), want)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		old  time.Duration
		want string
	}{
		{-time.Second, "0s"}, {119 * time.Second, "119s"}, {2 * time.Minute, "2m"},
		{2 * time.Hour, "2h"}, {47 * time.Hour, "47h"}, {49 * time.Hour, "2d"},
	}
	for _, tt := range tests {
		if got := age(now.Add(-tt.old), now); got != tt.want {
			t.Errorf("age of %v is %s, want %s", tt.old, got, tt.want)
		}
	}
}

func listed(t *testing.T, reply, parameters string) squalltest.Result {
	t.Helper()
	s := squalltest.New()
	squalltest.Handle(s, "kube_list", func(squall.KubeListRequest) (any, error) { return json.RawMessage(reply), nil })
	return s.Run(listPods, parameters)
}
