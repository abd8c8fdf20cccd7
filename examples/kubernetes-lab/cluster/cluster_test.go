package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

func TestEveryCertificateIsTheAuthoritys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := issue(dir); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	for _, who := range identities() {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, who.file+".crt"), filepath.Join(dir, who.file+".key"))
		if err != nil {
			t.Fatal(err)
		}
		options := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		if who.serves {
			options.DNSName, options.KeyUsages = node.ServiceAddress, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}
		if _, err := pair.Leaf.Verify(options); err != nil {
			t.Errorf("%s: %v", who.file, err)
		}
		if _, err := os.Stat(filepath.Join(dir, who.file+".kubeconfig")); err == nil != who.kubeconfig {
			t.Errorf("%s: kubeconfig: %v", who.file, err)
		}
	}
	if _, err := newAPI(dir); err != nil {
		t.Error(err)
	}
}

func TestStreamsAreReadFromTheAuditLog(t *testing.T) {
	t.Parallel()
	c := &Cluster{Dir: t.TempDir()}
	if _, err := c.Streams("ns", "p"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
	if err := os.Mkdir(filepath.Join(c.Dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	const log = `{"stage":"ResponseStarted","requestReceivedTimestamp":"2026-01-01T00:00:00.000001Z","stageTimestamp":"2026-01-01T00:00:00.010000Z","objectRef":{"namespace":"ns","name":"p","subresource":"exec"},"responseStatus":{"code":101},"user":{"username":"u"}}
{"stage":"ResponseStarted","objectRef":{"namespace":"other","name":"p","subresource":"exec"}}
{"stage":"Panic","objectRef":{"namespace":"ns","name":"p","subresource":"exec"}}
{"stage":"ResponseComplete","objectRef":{"namespace":"ns","name":"p:6060","subresource":"proxy"},"responseStatus":{"code":200}}
{"stage":"Respon`
	if err := os.WriteFile(c.auditLog(), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := c.Streams("ns", "p")
	if err != nil || len(got) != 2 || got[1].Subresource != "proxy" {
		t.Fatalf("%+v, %v", got, err)
	}
	if s := got[0]; s.Subresource != "exec" || s.Status != 101 || s.User != "u" || s.Answered.Sub(s.Asked) != 9999*time.Microsecond {
		t.Errorf("%+v", s)
	}
}

func TestEveryConfigurationIsATemplate(t *testing.T) {
	t.Parallel()
	all, err := template.ParseFS(configFiles, "config/*")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all.Templates()); n != 4 {
		t.Errorf("%d files, of which layOut writes 4", n)
	}
}

func TestWaitingEndsWhenAProgramEnds(t *testing.T) {
	t.Parallel()
	c := &crew{logs: t.TempDir(), members: map[string]*member{}}
	if err := c.start("short", "true"); err != nil {
		t.Fatal(err)
	}
	err := c.until(t.Context(), time.Minute, "it is ready", func(context.Context) error { return errors.New("not yet") })
	if err == nil || c.check() == nil {
		t.Errorf("err = %v", err)
	}
}

func TestWhatIsKilledOnPurposeIsNotMissed(t *testing.T) {
	t.Parallel()
	c := &crew{logs: t.TempDir(), members: map[string]*member{}}
	if err := c.start("long", "sh", "-c", "echo began $0 $1; sleep 600", "a"); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(c.logs, "long.log")
	says := func(want string) {
		t.Helper()
		err := c.until(t.Context(), time.Minute, "it says "+want, func(context.Context) error {
			text, err := os.ReadFile(log)
			if err == nil && string(text) != want {
				err = fmt.Errorf("it says %q", text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	says("began a\n")
	if err := c.kill("long"); err != nil {
		t.Fatal(err)
	}
	if err := c.check(); err != nil {
		t.Error(err)
	}
	if err := c.again("long", "b"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.kill("long") }) // or the last check would have failed
	says("began a\nbegan a b\n")
	if err := c.kill("nobody"); err == nil {
		t.Error("nobody was killed")
	}
}
