package packs

import (
	"testing"
	"time"
)

func TestSizesAreReadWithTheirUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1": 1, "1048576": 1 << 20, "64MiB": 64 << 20, "64 MiB": 64 << 20, "64Mi": 64 << 20, "1.5KiB": 1536,
		"2GB": 2e9, "3kb": 3000, "12B": 12,
		"": -1, "0": -1, "-1": -1, "0.5": -1, "MiB": -1, "1 TB": -1, "1e400": -1, "0x10": -1, "1_000": -1, "NaN": -1, "Inf": -1,
		"9999999999GiB": -1,
	} {
		got, ok := parseSize(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is read as %d, want %d", text, got, want)
		}
	}
}

func TestDurationsAreReadWithTheirUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "1h30m": 90 * time.Minute, "60": time.Minute, "0.5": 500 * time.Millisecond,
		"": 0, "0": 0, "0s": 0, "-5s": 0, "-5": 0, "soon": 0, "8h1000h": 0, "999999999": 0, "NaN": 0, "Inf": 0,
	} {
		got, ok := parseDuration(text)
		if !ok {
			got = 0
		}
		if got != want {
			t.Errorf("%q is read as %s, want %s", text, got, want)
		}
	}
}

func TestANameThatIsNearIsSuggested(t *testing.T) {
	t.Parallel()
	known := []string{"capabilities", "limits", "name"}
	for name, want := range map[string]string{
		"capabilites": `; did you mean "capabilities"?`, "limit": `; did you mean "limits"?`, "nmae": `; did you mean "name"?`,
		"weather": "", "": "",
	} {
		if got := didYouMean(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
