package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// HTTPRequest is a request to a host that the pack's http capability names.
type HTTPRequest struct {
	Method         string            `json:"method,omitempty"` // GET when empty
	URL            string            `json:"url"`
	Headers        map[string]string `json:"headers,omitempty"`
	BasicAuth      *BasicAuth        `json:"basic_auth,omitempty"` // sets the header Authorization
	Body           string            `json:"body,omitempty"`
	BodyBase64     []byte            `json:"body_base64,omitempty"`     // instead of Body, for what is not text
	TimeoutSeconds float64           `json:"timeout_seconds,omitempty"` // 30 when zero
	// FollowRedirects is true when nil. Every hop is checked against the
	// capability again.
	FollowRedirects *bool        `json:"follow_redirects,omitempty"`
	TLS             *TLSOptions  `json:"tls,omitempty"`       // nil as all requests of the server
	Artifact        *NewArtifact `json:"artifact,omitempty"`  // streams the body of a 2xx answer into an artifact
	Retries         int          `json:"retries,omitempty"`   // at most 5; POST and PATCH need a header Idempotency-Key
	MaxBytes        int64        `json:"max_bytes,omitempty"` // of the answer's body; 1 MiB into the sandbox when zero
}

// TLSOptions say how the connection to the request's host is secured; they do not
// hold for another one that a redirect leads to.
type TLSOptions struct {
	CAPEM              string `json:"ca_pem,omitempty"`               // whom to trust instead of the server's own list
	CertificatePEM     string `json:"certificate_pem,omitempty"`      // the chain to show; needs KeyPEM
	KeyPEM             string `json:"key_pem,omitempty"`              // as a rule the handle of a secret
	ServerName         string `json:"server_name,omitempty"`          // the name its certificate must have
	MinVersion         string `json:"min_version,omitempty"`          // "1.2" when empty, or "1.3"
	InsecureSkipVerify bool   `json:"insecure_skip_verify,omitempty"` // needs insecure: true in the capability
}

// BasicAuth is a user name and a password, which may be handles of secrets.
type BasicAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// HTTPReply is the answer. A status such as 500 is a result, not an error.
type HTTPReply struct {
	Status     int               `json:"status"`
	URL        string            `json:"url"` // after redirects
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body,omitempty"`
	BodyBase64 []byte            `json:"body_base64,omitempty"` // instead of Body when the answer is not text
	Size       int64             `json:"size"`
	Truncated  bool              `json:"truncated"`
	Artifact   *Artifact         `json:"artifact,omitempty"`
	Attempts   int               `json:"attempts,omitempty"` // how often it was sent, when Retries is not zero
}

// HTTPSend sends an HTTP request.
//
// The pack needs an http capability that names the host and the method.
func HTTPSend(r HTTPRequest) (reply HTTPReply, err error) {
	err = ask("http_send", host.HTTPSend, r, &reply)
	return reply, err
}
