package storetest

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testArtifact(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"an unknown artifact is not found", func(t *testing.T, b *bench) {
			_, err := b.Artifact(t.Context(), b.ids.New())
			wantKind(t, err, automation.ErrNotFound)
		}},
		{"artifacts are found by id, by execution and by type", artifactQueries},
		{"an artifact of no name or execution gets what is missing", artifactDefaults},
	}.run(t, open)
}

func (b *bench) artifact(execution string) automation.Artifact {
	return automation.Artifact{
		ID: b.ids.New(), Execution: execution, Name: strange, MediaType: automation.MediaTypePprof,
		Size: 1 << 33, SHA256: hash(7), CreatedAt: b.time(),
	}
}

// keep finishes an execution with artifacts.
func (b *bench) keep(t *testing.T, id string, list ...automation.Artifact) {
	t.Helper()
	f := b.end(id, 1, automation.Succeeded)
	f.Artifacts = list
	must(t, b.Finish(t.Context(), f))
}

func artifactIDs(list []automation.Artifact) []string {
	ids := []string{}
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return ids
}

func artifactQueries(t *testing.T, b *bench) {
	one, two := b.in(t, automation.Running), b.in(t, automation.Running)
	first, second, third := b.artifact(one.ID), b.artifact(one.ID), b.artifact(two.ID)
	second.MediaType = "text/plain"
	b.keep(t, one.ID, first, second)
	b.keep(t, two.ID, third)

	got, err := b.Artifact(t.Context(), second.ID)
	must(t, err)
	same(t, "artifact", got, second)
	same(t, "of the execution", b.get(t, one.ID).Artifacts, []automation.Artifact{first, second})
	for _, tt := range []struct {
		name  string
		query store.ArtifactQuery
		want  []automation.Artifact
	}{
		{"all, newest first", store.ArtifactQuery{}, []automation.Artifact{third, second, first}},
		{"by execution", store.ArtifactQuery{Execution: one.ID}, []automation.Artifact{second, first}},
		{"by type", store.ArtifactQuery{MediaType: automation.MediaTypePprof}, []automation.Artifact{third, first}},
		{"a page", store.ArtifactQuery{After: third.ID, Limit: 1}, []automation.Artifact{second}},
		{"nothing", store.ArtifactQuery{Execution: b.ids.New()}, []automation.Artifact{}},
	} {
		list, err := b.Artifacts(t.Context(), tt.query)
		must(t, err)
		same(t, tt.name, artifactIDs(list), artifactIDs(tt.want))
		same(t, tt.name, list, tt.want)
	}
}

func artifactDefaults(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	a := b.artifact("")
	a.ID = ""
	b.keep(t, e.ID, a)
	got := b.get(t, e.ID).Artifacts
	if len(got) != 1 || !automation.ValidID(got[0].ID) || got[0].Execution != e.ID {
		t.Errorf("artifacts: %+v", got)
	}
}
