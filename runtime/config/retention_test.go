package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, wrong string
		rules             int
		age               time.Duration
	}{
		{"left out, three months and a million are kept", "", "", 2, 90 * 24 * time.Hour},
		{"an empty list keeps everything", "retention: []", "", 0, 0},
		{"days and hours", "retention: [{status: [succeeded], pack: 'k*', age: 30d}, {age: 12h, bytes: 1000}]", "", 2, 30 * 24 * time.Hour},
		{"no bound", "retention: [{pack: a}]", "rule 1: age, count or bytes is needed", 0, 0},
		{"a status in which nothing ends", "retention: [{status: [running], count: 1}]", `status "running" is none in which`, 0, 0},
		{"no duration", "retention: [{age: long}]", `line 1: "long" is not a duration`, 0, 0},
		{"an unknown key", "retention: [{cuont: 1}]", "not a key of retention, did you mean count", 0, 0},
		{"less than nothing", "retention: [{count: -1}]", "less than 0", 0, 0},
	} {
		path := filepath.Join(t.TempDir(), "squall.yaml")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), ";", ","), tt.wrong) {
				t.Errorf("%s: %v; want %s", tt.name, err, tt.wrong)
			}
			continue
		}
		rules := c.RetentionRules()
		if err != nil || len(rules) != tt.rules || tt.rules > 0 && rules[0].Age != tt.age {
			t.Errorf("%s: %+v, %v", tt.name, rules, err)
		}
	}
}

func TestTheAgeOfAuditRecords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, yaml, err string
		age             time.Duration
	}{
		{"nothing is said", "{}", "", 400 * 24 * time.Hour},
		{"days", "audit: {age: 30d}", "", 30 * 24 * time.Hour},
		{"zero keeps all", "audit: {age: 0}", "", 0},
		{"less than nothing", "audit: {age: -1h}", "audit: age: -1h0m0s is less than 0", 0},
		{"no duration", "audit: {age: long}", `line 1: "long" is not a duration`, 0},
		{"an unknown key", "audit: {aeg: 30d}", "not a key of audit; did you mean age", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "squall.yaml")
			if err := os.WriteFile(path, []byte(tt.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(path)
			switch {
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v; want %q", err, tt.err)
			case tt.err == "" && (err != nil || time.Duration(c.Audit.Age) != tt.age):
				t.Errorf("age %v, %v", c.Audit.Age, err)
			}
		})
	}
}
