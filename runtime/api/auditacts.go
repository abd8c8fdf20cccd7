package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// act is what a route does, in the words of the audit chain.
type act struct {
	verb, kind string
	id         func(echo.Context) string // nil: the handler says, or there is nothing to name
	// asks tells that nothing is changed, whatever the method; such requests are not
	// recorded. Elsewhere says where those are recorded that somebody else accounts for.
	asks      bool
	elsewhere string
	// begins tells that the answer is long: the record is made before it, and says that
	// it was begun.
	begins bool
	// when tells whether this request is to be recorded; nil: each one is.
	when func(echo.Context) bool
}

// acts names every route that changes something, by method and path, and those that
// give away what nothing else does. A route that changes something and is not here is
// recorded by its method and path; a test asks for its line.
func acts() map[string]act {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	asks := act{asks: true}
	return map[string]act{
		post + " /api/v1/webhooks/*":               {elsewhere: "events and deliveries"},
		post + " /api/v1/login":                    {verb: "open", kind: "session"},
		post + " /api/v1/logout":                   {verb: "close", kind: "session"},
		get + " /api/v1/backup":                    {verb: "take", kind: "backup", begins: true},
		post + " /api/v1/events":                   {verb: "send", kind: "event"},
		post + " /api/v1/events/:id/release":       {verb: "release", kind: "verdict", id: param("id")},
		post + " /api/v1/executions":               {verb: "run", kind: "action"},
		post + " /api/v1/executions/:id/replay":    asks,
		post + " /api/v1/executions/:id/cancel":    {verb: "cancel", kind: "execution", id: param("id")},
		post + " /api/v1/executions/:id/rerun":     {verb: "rerun", kind: "execution", id: param("id")},
		post + " /api/v1/executions/:id/pause":     {verb: "pause", kind: "execution", id: param("id")},
		post + " /api/v1/executions/:id/resume":    {verb: "resume", kind: "execution", id: param("id")},
		put + " /api/v1/changes/stop":              {verb: "stop", kind: "changes"},
		del + " /api/v1/changes/stop":              {verb: "resume", kind: "changes"},
		post + " /api/v1/changes/held/:id/release": {verb: "release", kind: "change", id: param("id")},
		post + " /api/v1/rules/test":               asks,
		post + " /api/v1/rules/replay":             asks,
		put + " /api/v1/packs/:name/grants":        {verb: "grant", kind: "pack", id: param("name")},
		del + " /api/v1/packs/:name/grants":        {verb: "ungrant", kind: "pack", id: param("name")},
		post + " /api/v1/secrets/rotate":           {verb: "rotate", kind: "secret key"},
		put + " /api/v1/secrets/:name":             {verb: "set", kind: "secret", id: param("name")},
		del + " /api/v1/secrets/:name":             {verb: "delete", kind: "secret", id: param("name")},
		get + " /api/v1/kv":                        {verb: "reveal", kind: "keys", id: scopeAsked, when: decrypts},
		get + " /api/v1/kv/:scope/*":               {verb: "reveal", kind: "key", id: keyNamed, when: decrypts},
		put + " /api/v1/kv/:scope/*":               {verb: "set", kind: "key", id: keyNamed},
		del + " /api/v1/kv/:scope/*":               {verb: "delete", kind: "key", id: keyNamed},
		post + " /api/v1/sensors/:ref/poll":        {verb: "poll", kind: "sensor", id: param("ref")},
		post + " /api/v1/sensors/:ref/pause":       {verb: "pause", kind: "sensor", id: param("ref")},
		post + " /api/v1/sensors/:ref/resume":      {verb: "resume", kind: "sensor", id: param("ref")},
		post + " /api/v1/sensors/:ref/reset":       {verb: "reset", kind: "sensor", id: param("ref")},
		put + " /api/v1/artifacts/:id/pin":         {verb: "pin", kind: "artifact", id: param("id")},
		del + " /api/v1/artifacts/:id/pin":         {verb: "unpin", kind: "artifact", id: param("id")},
		post + " /api/v1/retention":                {verb: "apply", kind: "retention"},
	}
}

// completed are acts with a line for each route that changes something.
func completed(routes []route) map[string]act {
	all := acts()
	for _, r := range routes {
		key := r.Method + " " + r.Path
		if _, known := all[key]; !known && mayChange(r.Method) {
			all[key] = act{verb: strings.ToLower(r.Method), kind: r.Path}
		}
	}
	return all
}

// actOf is what a request does; false when it is not to be recorded.
func actOf(all map[string]act, c echo.Context) (act, bool) {
	method := c.Request().Method
	if method == http.MethodHead { // it does what GET does, and is told less
		method = http.MethodGet
	}
	a, known := all[method+" "+c.Path()]
	return a, known && !a.asks && a.elsewhere == "" && (a.when == nil || a.when(c))
}

// mayChange tells whether a method is one of those that change something.
func mayChange(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

func param(name string) func(echo.Context) string {
	return func(c echo.Context) string { return c.Param(name) }
}

func keyNamed(c echo.Context) string { return strings.TrimPrefix(c.Request().URL.Path, kvPrefix) }

func scopeAsked(c echo.Context) string { return c.QueryParam("scope") }

func decrypts(c echo.Context) bool {
	yes := (&query{c: c}).flag("decrypt")
	return yes != nil && *yes
}
