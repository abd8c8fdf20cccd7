package wasm

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever meets an outcome must find what to do about it.
func TestEveryOutcomeIsExplained(t *testing.T) {
	t.Parallel()
	codes, err := os.ReadFile(filepath.Join("..", "automation", "status.go"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`FailureCode = "(\w+)"`).FindAllSubmatch(codes, -1)
	if len(found) < 10 {
		t.Fatalf("only %d codes were found: the pattern does not see them", len(found))
	}
	for _, code := range found {
		if !strings.Contains(string(readme), "\n| `"+string(code[1])+"` | ") {
			t.Errorf("README.md does not explain %s", code[1])
		}
	}
}
