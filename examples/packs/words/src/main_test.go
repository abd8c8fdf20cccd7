package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, stdin, stdout, stderr, err string }{
		{"words are counted", `{"text":"so foul and fair"}`, `{"words":4}`, "", ""},
		{"an empty text is worth a warning", `{"text":" "}`, `{"words":0}`, "W the text is empty", ""},
		{"what is not JSON is refused", `text`, "", "", "read the parameters: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			err := run(strings.NewReader(tt.stdin), &stdout, &stderr)
			if (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if got := strings.TrimSpace(stdout.String()); got != tt.stdout {
				t.Errorf("stdout %q, want %q", got, tt.stdout)
			}
			if got := strings.TrimSpace(stderr.String()); got != tt.stderr {
				t.Errorf("stderr %q, want %q", got, tt.stderr)
			}
		})
	}
}
