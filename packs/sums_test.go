package packs

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/squall-dev/squall/runtime/automation"
)

func sealed() fstest.MapFS {
	fsys := fstest.MapFS{
		"pack.yaml":       {Data: []byte("name: sealed\nversion: 1.0.0\ndescription: d\nauthor: a\n")},
		"triggers/t.yaml": {Data: []byte("name: t\ndescription: d\npayload_schema: {type: object}\n")},
		"README.md":       {Data: []byte("not the server's business")},
	}
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fsys)) {
		fmt.Fprintf(&sums, "%x  ./%s\n", sha256.Sum256(fsys[name].Data), name)
	}
	fsys[sumsFile] = &fstest.MapFile{Data: []byte(sums.String())}
	return fsys
}

func TestAPackThatIsNotWhatItsSumsSayIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		change     func(fstest.MapFS)
	}{
		{"as it was written", "", func(fstest.MapFS) {}},
		{"a document changed", "", func(f fstest.MapFS) { f["README.md"].Data = []byte("other") }},
		{"a bit changed", "triggers/t.yaml is not what pack.sum says", func(f fstest.MapFS) { f["triggers/t.yaml"].Data[len(f["triggers/t.yaml"].Data)-1] ^= 4 }},
		{"a file came", "triggers/u.yaml is not in pack.sum", func(f fstest.MapFS) { f["triggers/u.yaml"] = &fstest.MapFile{Data: []byte("name: u\n")} }},
		{"the sums are none", "a line that is not a SHA-256 and a path", func(f fstest.MapFS) { f[sumsFile].Data[3] = 'x' }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fsys := sealed()
			tt.change(fsys)
			p, err := testLoader(t, &fakeEngine{}).Load(t.Context(), "sealed", fsys, "sealed")
			if err == nil {
				err = p.Close(t.Context())
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), tt.want) || automation.HintOf(err) == ""):
				t.Errorf("%v; want %s", err, tt.want)
			}
		})
	}
}
