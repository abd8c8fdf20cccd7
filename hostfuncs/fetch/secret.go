package fetch

import (
	"encoding/base64"
	"maps"
	"slices"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// BasicAuth is a user name and a password, either of which may hold handles of secrets.
type BasicAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// secrets are the names of those whose handles the request holds.
func (r Request) secrets() []string {
	names := slices.Concat(hostfuncs.HandlesIn(r.URL), hostfuncs.HandlesIn(r.Body))
	for _, value := range r.Headers {
		names = append(names, hostfuncs.HandlesIn(value)...)
	}
	names = append(names, r.TLS.handles()...)
	if r.BasicAuth != nil {
		names = append(names, slices.Concat(hostfuncs.HandlesIn(r.BasicAuth.Username), hostfuncs.HandlesIn(r.BasicAuth.Password))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// filled is the request with values in the place of handles, and with the header that
// basic_auth stands for.
func (r Request) filled(who hostfuncs.Caller) (_ Request, err error) {
	fill := func(text *string) {
		if err == nil {
			*text, err = who.FillSecrets(*text)
		}
	}
	fill(&r.URL)
	fill(&r.Body)
	r.Headers = maps.Clone(r.Headers)
	for name, value := range r.Headers {
		fill(&value)
		r.Headers[name] = value
	}
	if r.TLS != nil {
		options := *r.TLS
		r.TLS = &options
		for _, text := range options.texts() {
			fill(text)
		}
	}
	if r.BasicAuth == nil || err != nil {
		return r, err
	}
	if _, twice := r.Headers["Authorization"]; twice {
		return r, automation.Invalid("basic_auth and a header Authorization say the same thing; keep one")
	}
	auth := *r.BasicAuth
	fill(&auth.Username)
	fill(&auth.Password)
	if r.Headers == nil {
		r.Headers = map[string]string{}
	}
	r.Headers["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(auth.Username+":"+auth.Password))
	return r, err
}
