package kube

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestUnified(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before, after, want string }{
		{"nothing changes", "a b c", "a b c", ""},
		{"all is new", "", "a b", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"all is gone", "a b", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"a line in the middle", "1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		{"two places far apart", "a 1 2 3 4 5 6 7 b", "x 1 2 3 4 5 6 7 y",
			"@@ -1,4 +1,4 @@\n-a\n+x\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+y\n"},
		{"two places near each other", "a 1 2 3 4 5 6 b", "x 1 2 3 4 5 6 y",
			"@@ -1,8 +1,8 @@\n-a\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+y\n"},
	}
	for _, tt := range tests {
		if got := unified(strings.Fields(tt.before), strings.Fields(tt.after)); got != tt.want {
			t.Errorf("%s: got\n%swant\n%s", tt.name, got, tt.want)
		}
	}
}

// What a diff says must be true: applied to what was before, it makes what comes
// after. The judge is patch(1), where there is one.
func FuzzUnified(f *testing.F) {
	program, err := exec.LookPath("patch")
	if err != nil {
		f.Skip("patch is not installed")
	}
	f.Add("abcabc", "abdabc")
	f.Add("", "a")
	f.Add("aaaaaaaaaaaaaaab", "baaaaaaaaaaaaaaa")
	f.Add("abcdefghijklmnop", "xbcdefghijklmnoy")
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before) > 60 || len(after) > 60 {
			return
		}
		a, b := lines(before), lines(after)
		text := unified(a, b)
		if text == "" {
			if strings.Join(a, "\n") != strings.Join(b, "\n") {
				t.Fatalf("%q and %q are not the same", a, b)
			}
			return
		}
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, []byte(joined(a)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "-s", "-F0", file)
		cmd.Stdin = strings.NewReader("--- file\n+++ file\n" + text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, text)
		}
		got, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			got = nil // patch removes what becomes empty
		} else if err != nil {
			t.Fatal(err)
		}
		if string(got) != joined(b) {
			t.Fatalf("got %q, want %q by\n%s", got, joined(b), text)
		}
	})
}

// lines makes one of every byte, of few kinds so that many are equal.
func lines(s string) (all []string) {
	for i := range len(s) {
		all = append(all, string(rune('a'+s[i]%5)))
	}
	return all
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestDifferenceIsBounded(t *testing.T) {
	t.Parallel()
	large := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}}}
	data := map[string]any{}
	for i := range 20_000 {
		data[fmt.Sprint("key", i)] = "value"
	}
	large.Object["data"] = data
	text, err := difference(nil, large)
	if err != nil || len(text) > maxDiff+20 || !strings.HasSuffix(text, "\n... and more\n") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
