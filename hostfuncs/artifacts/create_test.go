package artifacts_test

import (
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/artifacts"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		req                  artifacts.CreateRequest
		content, media, kind string
	}{
		{"text", artifacts.CreateRequest{Name: "report.txt", MediaType: "text/plain", Content: "all is well"}, "all is well", "text/plain", ""},
		{"bytes", artifacts.CreateRequest{Name: "x", ContentBase64: "H4v/"}, "\x1f\x8b\xff", "application/octet-stream", ""},
		{"an empty file", artifacts.CreateRequest{Name: "x"}, "", "application/octet-stream", ""},
		{"both", artifacts.CreateRequest{Name: "x", Content: "a", ContentBase64: "YQ=="}, "", "", "invalid"},
		{"base64 that is none", artifacts.CreateRequest{Name: "x", ContentBase64: "%"}, "", "", "invalid"},
		{"no name", artifacts.CreateRequest{Content: "a"}, "", "", "invalid"},
		{"more than the pack may keep", artifacts.CreateRequest{Name: "x", Content: "more than sixteen bytes"}, "", "", "invalid"},
	}
	c, err := artifacts.New(artifacts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink := &hostfuncstest.Sink{}
			who := hostfuncs.Caller{Artifacts: sink, Grants: automation.Capabilities{Artifacts: []automation.ArtifactCapability{{MaxBytes: 16}}}}
			got, err := c.Create(t.Context(), who, tt.req)
			if sink.Open() != 0 {
				t.Error("the artifact was left open")
			}
			if tt.kind != "" {
				if automation.KindOf(err) != tt.kind || len(sink.Kept()) != 0 {
					t.Errorf("got %v, kept %v", err, sink.Kept())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			kept := sink.Kept()[0]
			if got != kept.Artifact || string(kept.Content) != tt.content || got.MediaType != tt.media || got.Size != int64(len(tt.content)) {
				t.Errorf("got %+v, kept %+v", got, kept)
			}
		})
	}
}
