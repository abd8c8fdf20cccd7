package packs

import (
	"math"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxDuration bounds every duration of a pack: long enough for any work, short
// enough that a slip of the pen shows.
const maxDuration = 7 * 24 * time.Hour

// size reads a number of bytes: 1048576, "64MiB", "1.5 GB".
func (d *document) size(n *yaml.Node) int64 {
	v := target(n)
	bytes, ok := parseSize(v.Value)
	if v.Kind != yaml.ScalarNode || !ok {
		d.hinted(n, `write a number of bytes or a size such as "64MiB"`, "must be a size, not %s", kindName(v))
		return 0
	}
	return bytes
}

func parseSize(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit, ok := sizeUnit(strings.TrimSpace(s[len(digits):]))
	f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil || strings.ContainsAny(digits, "xX_") {
		return 0, false
	}
	bytes := f * unit
	if !(bytes >= 1) || bytes > math.MaxInt64/2 {
		return 0, false
	}
	return int64(bytes), true
}

func sizeUnit(s string) (float64, bool) {
	switch strings.ToLower(s) {
	case "", "b":
		return 1, true
	case "kb":
		return 1e3, true
	case "mb":
		return 1e6, true
	case "gb":
		return 1e9, true
	case "kib", "ki":
		return 1 << 10, true
	case "mib", "mi":
		return 1 << 20, true
	case "gib", "gi":
		return 1 << 30, true
	}
	return 0, false
}

// duration reads "500ms", "30s", "10m", or a bare number of seconds as
// StackStorm writes timeouts.
func (d *document) duration(n *yaml.Node) time.Duration {
	v := target(n)
	span, ok := parseDuration(v.Value)
	if v.Kind != yaml.ScalarNode || !ok {
		d.hinted(n, `write a duration such as "30s"; at most 7 days`, "must be a duration, not %s", kindName(v))
		return 0
	}
	return span
}

func parseDuration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	span, err := time.ParseDuration(s)
	if err != nil {
		seconds, numberErr := strconv.ParseFloat(s, 64)
		if numberErr != nil || !(seconds > 0) || seconds > maxDuration.Seconds() {
			return 0, false
		}
		span = time.Duration(seconds * float64(time.Second))
	}
	return span, span > 0 && span <= maxDuration
}
