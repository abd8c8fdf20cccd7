package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
)

// sessionCookie carries a browser's session.
const sessionCookie = "squall_session"

// csrfHeader must stand in every changing request that a cookie vouches for. A
// page of another origin can not send it without a permission we never give.
const csrfHeader = "X-Squall-Csrf"

// streamSeqHeader tells where in the live stream an answer was read.
const streamSeqHeader = "X-Stream-Seq"

const identityKey = "identity"

// recoverPanic turns a panic of a handler into a 500.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares the same way
					panic(p)
				}
				err = fmt.Errorf("panic in handler: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}

// identify gives each request an id and each API answer the headers that all of
// them carry.
func (s *Server) identify(ids *automation.IDs, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, ids.New())
		if c.Path() != "/*" {
			h.Set("Cache-Control", "no-store")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set(streamSeqHeader, strconv.FormatInt(s.Live.Last(), 10))
		}
		return next(c)
	}
}

// openRoutes are those that need nobody's identity, by method and path.
func openRoutes(routes []route) map[string]bool {
	open := map[string]bool{}
	for _, r := range routes {
		if r.Open {
			open[r.Method+" "+r.Path] = true
			if r.Method == http.MethodGet {
				open[http.MethodHead+" "+r.Path] = true
			}
		}
	}
	return open
}

// requireIdentity lets anonymous callers pass to open routes and the page only.
// It looks at the route that was matched, not at the path as written, so that no
// spelling of a path slips by; a path that matched nothing is refused too.
func (s *Server) requireIdentity(open map[string]bool, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if open[c.Request().Method+" "+c.Path()] || s.isPage(c) {
			return next(c)
		}
		who, err := s.authenticate(c)
		if err != nil {
			return err
		}
		c.Set(identityKey, who)
		return next(c)
	}
}

func (s *Server) isPage(c echo.Context) bool {
	p := c.Request().URL.Path
	return c.Path() == "/*" && p != "/api" && !strings.HasPrefix(p, "/api/")
}

func (s *Server) authenticate(c echo.Context) (access.Identity, error) {
	r := c.Request()
	if scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " "); strings.EqualFold(scheme, "Bearer") {
		return s.asUnauthenticated(s.Guard.Token(r.Context(), strings.TrimSpace(token)))
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return access.Identity{}, errUnauthenticated("this needs a login or an API token")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get(csrfHeader) == "" {
		return access.Identity{}, automation.Denied("the request lacks the header %s", csrfHeader).WithCode("csrf")
	}
	return s.asUnauthenticated(s.Guard.Session(r.Context(), cookie.Value))
}

// asUnauthenticated answers 401 for credentials that are wrong, and passes other
// errors on.
func (s *Server) asUnauthenticated(who access.Identity, err error) (access.Identity, error) {
	if err != nil && automation.KindOf(err) == "denied" {
		return who, errUnauthenticated(err.Error())
	}
	return who, err
}

func errUnauthenticated(message string) error {
	return automation.Denied("%s", message).WithCode("unauthenticated").
		WithHint("run squall login, or open the login link that the server prints when it starts")
}

func identity(c echo.Context) access.Identity {
	who, _ := c.Get(identityKey).(access.Identity)
	return who
}

// remoteOf finds the address of who asks: the peer's, or the one that trusted
// proxies say they speak for. Echo's own default believes everybody.
func remoteOf(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		_, network, err := net.ParseCIDR(p.String())
		if err == nil { // a prefix always is one
			options = append(options, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
