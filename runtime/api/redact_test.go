package api

import "testing"

func TestKeptBodiesLoseWhatLooksLikeASecret(t *testing.T) {
	t.Parallel()
	r := newRedactor()
	for _, tt := range []struct{ name, body, want string }{
		{"nothing secret", `{"alert":"a token of my love","n":1}`, `{"alert":"a token of my love","n":1}`},
		{"a member", `{"token": "xoxb-1", "text":"hi"}`, `{"token": "********", "text":"hi"}`},
		{"a nested member with quotes in it", `{"a":{"client_secret":"x\"y","b":2}}`, `{"a":{"client_secret":"********","b":2}}`},
		{"names in any case", `{"API-Key":"k","PassWord":"p"}`, `{"API-Key":"********","PassWord":"********"}`},
		{"a value that is cut off", `{"b":1,"password":"hunter`, `{"b":1,"password":"********"`},
		{"a value that is no text stays", `{"token_count":7}`, `{"token_count":7}`},
		{"a form", `token=xoxb-1&team=T1&response_url=https%3A%2F%2Fa`, `token=********&team=T1&response_url=https%3A%2F%2Fa`},
		{"a form's later field", `team=T1&secret_key=abc`, `team=T1&secret_key=********`},
		{"text", "the token is 5", "the token is 5"},
		{"nothing", "", ""},
	} {
		got, redacted := r.redact(tt.body)
		if got != tt.want || redacted != (tt.body != tt.want) {
			t.Errorf("%s: %s (redacted: %v), want %s", tt.name, got, redacted, tt.want)
		}
	}
}
