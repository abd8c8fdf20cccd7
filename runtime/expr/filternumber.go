package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

func numberFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"int":                        filterInt,
		"float":                      filterFloat,
		"abs":                        filterAbs,
		"round":                      filterRound,
		"to_human_time_from_seconds": filterHumanTime,
	}
}

// filterInt gives the default for what is no number, as Jinja does.
func filterInt(_ *machine, v any, a *arguments) (any, error) {
	fallback := a.value(0, "default", int64(0))
	if s, ok := v.(string); ok {
		s = strings.TrimSpace(s)
		base := a.int(1, "base", 10)
		if base < 2 || base > 36 {
			return nil, automation.Invalid("the base is from 2 to 36")
		}
		if i, err := strconv.ParseInt(withoutPrefix(s, base), base, 64); err == nil {
			return i, nil
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fallback, nil
		}
		v = f
	}
	if i, ok := wholeNumber(v); ok {
		return fromWhole(i)
	}
	f, ok := Float(v)
	if !ok || math.Abs(f) >= 1<<63 || math.IsNaN(f) {
		return fallback, nil
	}
	return int64(f), nil
}

// withoutPrefix takes 0x from a number of base 16, and so on.
func withoutPrefix(s string, base int) string {
	prefix := map[int]string{16: "0x", 8: "0o", 2: "0b"}[base]
	if prefix != "" && len(s) > 2 && strings.EqualFold(s[:2], prefix) {
		return s[2:]
	}
	return s
}

func filterFloat(_ *machine, v any, a *arguments) (any, error) {
	fallback := a.value(0, "default", 0.0)
	if s, ok := v.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return fallback, nil
		}
		return f, nil
	}
	if f, ok := Float(v); ok {
		return f, nil
	}
	return fallback, nil
}

func filterAbs(_ *machine, v any, _ *arguments) (any, error) {
	if c, ok := compareNumbers(v, int64(0)); ok && c < 0 {
		return arithmetic(opSubtract, int64(0), v)
	}
	return arithmetic(opAdd, v, int64(0))
}

// filterRound rounds halves to the even digit and gives a float, as Jinja does.
func filterRound(_ *machine, v any, a *arguments) (any, error) {
	f, ok := Float(v)
	if !ok {
		return nil, automation.Invalid("the value is a %s, not a number", TypeName(v))
	}
	precision := a.int(0, "precision", 0)
	scale := math.Pow(10, float64(precision))
	switch method := a.text(1, "method", "common"); method {
	case "ceil":
		f = math.Ceil(f*scale) / scale
	case "floor":
		f = math.Floor(f*scale) / scale
	case "common":
		if precision < 0 {
			return math.RoundToEven(f*scale) / scale, nil
		}
		return strconv.ParseFloat(strconv.FormatFloat(f, 'f', min(precision, 300), 64), 64)
	default:
		return nil, automation.Invalid("unknown method %q", method)
	}
	return f, nil
}

// filterHumanTime prints seconds as "1d2h3m4s". Numbers below 1 keep their value
// and get the unit of microseconds; existing rules know it so.
func filterHumanTime(_ *machine, v any, _ *arguments) (any, error) {
	f, ok := Float(v)
	if _, isBool := v.(bool); !ok || isBool {
		return nil, automation.Invalid("the value is a %s, not a number", TypeName(v))
	}
	if f == 0 {
		return "0s", nil
	}
	if f < 1 {
		return Text(v) + "μs", nil
	}
	if f > 1e15 {
		return nil, automation.Invalid("the number of seconds is too large")
	}
	return humanTime(int64(math.RoundToEven(f))), nil
}

// humanTime starts at the largest unit that is not zero and prints all below.
func humanTime(seconds int64) string {
	const minute, hour, day, year = 60, 3600, 86400, 365 * 86400
	units := []struct {
		size int64
		name string
	}{{year, "y"}, {day, "d"}, {hour, "h"}, {minute, "m"}, {1, "s"}}
	var b strings.Builder
	for _, u := range units {
		n := seconds / u.size
		seconds %= u.size
		if n > 0 || b.Len() > 0 || u.size == 1 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
		}
	}
	return b.String()
}
