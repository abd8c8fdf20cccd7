package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestTheProxyOfPacksRequests(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"": true, "http://proxy:3128": true, "https://u:p@proxy.example.com": true, "socks5://127.0.0.1:1080": true,
		"proxy:3128": false, "ftp://proxy": false, "http://": false, "http://u:geheim@%zz": false,
	} {
		u, err := HTTP{Proxy: address}.ProxyURL()
		if (err == nil) != ok || ok && address != "" && u.String() != address {
			t.Errorf("%s: %v, %v", address, u, err)
		}
		c := Default()
		c.HTTP.Proxy = address
		if err := c.Validate(); (err == nil) != ok || err != nil && (!strings.Contains(err.Error(), "http: proxy is not") || strings.Contains(err.Error(), "geheim")) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheRootsOfPacksRequests(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.pem"), filepath.Join(dir, "bad.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(good, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pool, err := (HTTP{}).Roots(); pool != nil || err != nil {
		t.Errorf("without a file: %v, %v", pool, err)
	}
	if pool, err := (HTTP{CAFile: good}).Roots(); err != nil || pool == nil {
		t.Errorf("a good file: %v", err)
	}
	for _, file := range []string{bad, filepath.Join(dir, "missing.pem")} {
		if _, err := (HTTP{CAFile: file}).Roots(); automation.KindOf(err) != "invalid" || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
