package config

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// Retention bounds executions that have ended: those of some statuses and of a pack,
// or all. The oldest go as soon as one bound of one rule is exceeded.
type Retention struct {
	Status []automation.Status `yaml:"status"` // none: all
	Pack   string              `yaml:"pack"`   // a name or a pattern; empty: all
	Age    Age                 `yaml:"age"`    // since their creation: 30d, 720h
	Count  int                 `yaml:"count"`
	Bytes  int64               `yaml:"bytes"` // in the database and in artifacts
}

// Age is a duration that may be given in days.
type Age time.Duration

// UnmarshalYAML reads 30d as well as 720h.
func (a *Age) UnmarshalYAML(n *yaml.Node) error {
	if digits, ok := strings.CutSuffix(n.Value, "d"); ok {
		if days, err := strconv.ParseUint(digits, 10, 16); err == nil {
			*a = Age(time.Duration(days) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil {
		return automation.Invalid("line %d: %q is not a duration such as 30d or 12h", n.Line, n.Value)
	}
	*a = Age(d)
	return nil
}

// Audit says how long records of who changed what are kept.
type Audit struct {
	Age Age `yaml:"age"` // 400d when nothing is said; 0 keeps all
}

// defaultRetention keeps three months and a million.
func defaultRetention() []Retention {
	return []Retention{{Age: Age(90 * 24 * time.Hour)}, {Count: 1_000_000}}
}

// RetentionRules are the rules in the words of the program.
func (c Config) RetentionRules() []automation.RetentionRule {
	rules := []automation.RetentionRule{}
	for _, r := range c.Retention {
		rules = append(rules, automation.RetentionRule{Statuses: r.Status, Pack: r.Pack, Age: time.Duration(r.Age), Count: r.Count, Bytes: r.Bytes})
	}
	return rules
}

func (c Config) validateRetention(bad func(format string, args ...any)) {
	if c.Audit.Age < 0 {
		bad("audit: age: %s is less than 0; 0 keeps all records", time.Duration(c.Audit.Age))
	}
	for i, r := range c.Retention {
		for _, s := range r.Status {
			if !s.Valid() || !s.Final() {
				bad("retention: rule %d: status %q is none in which an execution ends", i+1, s)
			}
		}
		if r.Age < 0 || r.Count < 0 || r.Bytes < 0 {
			bad("retention: rule %d: a bound is less than 0", i+1)
		}
		if r.Age == 0 && r.Count == 0 && r.Bytes == 0 {
			bad("retention: rule %d: age, count or bytes is needed; to keep everything, write retention: []", i+1)
		}
	}
}
