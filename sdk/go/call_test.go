package squall_test

import (
	"encoding/json"
	"errors"
	"testing"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/squalltest"
)

// wire lets a server answer a call with raw JSON and compares the request.
func wire(t *testing.T, name, request, reply string, call func() error) {
	t.Helper()
	s := squalltest.New()
	squalltest.Handle(s, name, func(got json.RawMessage) (any, error) {
		if string(got) != request {
			t.Errorf("%s: request\n%s\nwant\n%s", name, got, request)
		}
		return json.RawMessage(reply), nil
	})
	result := s.Run(func() int32 {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return 0
	}, `{}`)
	if len(result.Calls) != 1 || result.Calls[0].Name != name {
		t.Errorf("%s: calls %v", name, result.Calls)
	}
}

func TestKubeExecOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "kube_exec",
		`{"namespace":"n","pod":"p","command":["ls"],"stdout_artifact":{"name":"a"},"keep_on_failure":true,"timeout_seconds":1.5}`,
		`{"exit_code":3,"stdout":"","stdout_base64":"/w==","stderr":"e","truncated":true,"artifact":{"id":"1","size":2}}`,
		func() error {
			r, err := squall.KubeExec(squall.KubeExecRequest{
				Namespace: "n", Pod: "p", Command: []string{"ls"},
				StdoutArtifact: &squall.NewArtifact{Name: "a"}, KeepOnFailure: true, TimeoutSeconds: 1.5,
			})
			if r.ExitCode != 3 || r.Stderr != "e" || !r.Truncated || r.Artifact.Size != 2 || r.StdoutBase64[0] != 255 {
				t.Errorf("reply %+v", r)
			}
			return err
		})
}

func TestKubeListOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "kube_list", `{"resource":"pods","fields":["metadata.name"]}`,
		`{"items":[{"metadata":{"name":"x"}}],"count":1,"truncated":true}`,
		func() error {
			type object struct{ Metadata struct{ Name string } }
			r, err := squall.KubeList[object](squall.KubeListRequest{Resource: "pods", Fields: []string{"metadata.name"}})
			if len(r.Items) != 1 || r.Items[0].Metadata.Name != "x" || r.Count != 1 || !r.Truncated {
				t.Errorf("reply %+v", r)
			}
			return err
		})
}

func TestKubeProxyGetOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "kube_proxy_get", `{"namespace":"n","pod":"p","port":80,"path":"/x","query":"a=1&b=2"}`,
		`{"status":404,"content_type":"text/plain","body":"no","size":2}`,
		func() error {
			r, err := squall.KubeProxyGet(squall.KubeProxyGetRequest{Namespace: "n", Pod: "p", Port: 80, Path: "/x", Query: "a=1&b=2"})
			if r.Status != 404 || r.ContentType != "text/plain" || r.Body != "no" || r.Size != 2 {
				t.Errorf("reply %+v", r)
			}
			return err
		})
}

func TestHTTPSendOnTheWire(t *testing.T) {
	t.Parallel()
	no := false
	wire(t, "http_send",
		`{"method":"POST","url":"https://example.com/","headers":{"A":"b"},"body":"x","follow_redirects":false,"max_bytes":9}`,
		`{"status":200,"url":"https://example.com/","headers":{"C":"d"},"body_base64":"/w==","size":1}`,
		func() error {
			r, err := squall.HTTPSend(squall.HTTPRequest{
				Method: "POST", URL: "https://example.com/", Headers: map[string]string{"A": "b"}, Body: "x",
				FollowRedirects: &no, MaxBytes: 9,
			})
			if r.Status != 200 || r.Headers["C"] != "d" || len(r.BodyBase64) != 1 || r.Size != 1 {
				t.Errorf("reply %+v", r)
			}
			return err
		})
}

func TestArtifactCreateOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "artifact_create", `{"name":"a.txt","media_type":"text/plain","content_base64":"aGk="}`,
		`{"id":"1","name":"a.txt","size":2,"created_at":"2026-01-02T03:04:05Z"}`,
		func() error {
			a, err := squall.ArtifactCreate(squall.NewArtifact{Name: "a.txt", MediaType: "text/plain"}, []byte("hi"))
			if a.ID != "1" || a.Size != 2 || a.CreatedAt.Year() != 2026 {
				t.Errorf("artifact %+v", a)
			}
			return err
		})
}

func TestArtifactAppendOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "artifact_append", `{"name":"a.txt","content_base64":"aGk=","close":true}`, `{"size":9,"artifact":{"id":"1","size":9}}`,
		func() error {
			r, err := squall.ArtifactAppend(squall.NewArtifact{Name: "a.txt"}, []byte("hi"), true)
			if r.Size != 9 || r.Artifact == nil || r.Artifact.ID != "1" {
				t.Errorf("reply %+v", r)
			}
			return err
		})
}

func TestConfigAndContextOnTheWire(t *testing.T) {
	t.Parallel()
	wire(t, "config", `{}`, `{"url":"x"}`, func() error {
		var c struct{ URL string }
		err := squall.Config(&c)
		if c.URL != "x" {
			t.Errorf("config %+v", c)
		}
		return err
	})
	wire(t, "context", `{}`, `{"execution":"e","attempt":2,"action":"p.a","pack":"p","idempotency_key":"squall-e","attempt_key":"squall-e-2"}`, func() error {
		e, err := squall.Context()
		if e.ID != "e" || e.Attempt != 2 || e.Action != "p.a" || e.IdempotencyKey != "squall-e" || e.AttemptKey != "squall-e-2" || !e.Deadline.IsZero() {
			t.Errorf("context %+v", e)
		}
		return err
	})
}

func TestCallByName(t *testing.T) {
	t.Parallel()
	wire(t, "kv_get", `{"key":"a"}`, `{"value":7}`, func() error {
		var reply struct{ Value int }
		err := squall.Call("kv_get", map[string]string{"key": "a"}, &reply)
		if reply.Value != 7 {
			t.Errorf("reply %+v", reply)
		}
		return err
	})
}

func TestARefusalIsAnErrorOfItsKind(t *testing.T) {
	t.Parallel()
	s := squalltest.New()
	squalltest.Handle(s, "config", func(struct{}) (any, error) {
		return nil, &squall.HostError{Kind: squall.ErrDenied, Message: "may not", Hint: "add a line"}
	})
	s.Run(func() int32 {
		err := squall.Config(nil)
		refused := &squall.HostError{}
		if !errors.Is(err, squall.ErrDenied) || errors.Is(err, squall.ErrInvalid) || !errors.As(err, &refused) {
			t.Errorf("error %#v", err)
		}
		if refused.Hint != "add a line" || err.Error() != "may not" {
			t.Errorf("error %+v", refused)
		}
		if _, err := squall.Context(); !errors.Is(err, squall.ErrNotFound) {
			t.Errorf("a function nobody has: %v", err)
		}
		return 0
	}, `{}`)
}
