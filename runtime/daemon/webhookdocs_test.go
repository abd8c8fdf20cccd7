package daemon

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/config"
)

// TestTheCommandsOfTheWebhookGuideWork runs what examples/webhooks/README.md says,
// word for word.
func TestTheCommandsOfTheWebhookGuideWork(t *testing.T) {
	guide := guide(t)
	settings, commands := blocks(guide, "yaml"), blocks(guide, "bash")
	if len(settings) < 9 || len(settings) != len(commands) {
		t.Fatalf("%d settings, %d commands", len(settings), len(commands))
	}
	dir, declared, files := t.TempDir(), map[string]config.Webhook{}, behavePack(t)
	for i, text := range settings {
		path := filepath.Join(dir, "squall.yaml")
		write(t, path, text)
		c, err := config.Load(path)
		if err != nil {
			t.Fatalf("settings %d: %v", i, err)
		}
		for name, w := range c.Webhooks {
			declared[name], files["rules/"+name+".yaml"] = w, hookRule(name)
		}
	}
	writePack(t, dir, "behave", files)
	h := serve(t, dir, func(c *config.Config) { c.Webhooks = declared })
	for i, text := range commands {
		out, err := h.bash("", text)
		if err != nil || !strings.Contains(out, `"matched":1`) {
			t.Errorf("%s\ngives %s (%v)\nsettings: %s", text, out, err, settings[i])
		}
		if out, _ := h.bash("", text, secretsOf(settings[i])...); !strings.Contains(out, `"status":401`) {
			t.Errorf("with another secret:\n%s\ngives %s", text, out)
		}
	}
}

// guide is examples/webhooks/README.md, with every secret that it names set.
func guide(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there", tool)
		}
	}
	text, err := os.ReadFile("../../examples/webhooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`env: (\w+)`).FindAllStringSubmatch(string(text), -1) {
		t.Setenv(name[1], base64.StdEncoding.EncodeToString([]byte("the secret of "+name[1])))
	}
	return string(text)
}

// bash runs commands in a folder, with the server's address.
func (h *harness) bash(dir, text string, env ...string) (string, error) {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "SQUALL="+h.URL), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// one finds the n-th block of a language.
func one(t *testing.T, text, language string, n int) string {
	t.Helper()
	all := blocks(text, language)
	if n >= len(all) {
		t.Fatalf("the guide has %d blocks of %s", len(all), language)
	}
	return all[n]
}

func loadText(t *testing.T, text string) config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "squall.yaml")
	write(t, path, text)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCertificatesOfTheWebhookGuideWork(t *testing.T) {
	text, dir := guide(t), t.TempDir()
	made := &harness{t: t}
	if out, err := made.bash(dir, one(t, text, "bash certificates", 0)); err != nil {
		t.Fatalf("%s\n%v", out, err)
	}
	files := behavePack(t)
	files["rules/mesh.yaml"] = hookRule("mesh")
	writePack(t, dir, "behave", files)
	h := serve(t, dir, func(c *config.Config) {
		said := loadText(t, one(t, text, "yaml certificates", 0))
		c.TLS, c.Webhooks = said.TLS, said.Webhooks
		for _, file := range []*string{&c.TLS.Cert, &c.TLS.Key, &c.TLS.ClientCA} {
			*file = filepath.Join(dir, *file)
		}
	})
	command := one(t, text, "bash certificates", 1)
	if out, err := h.bash(dir, command); err != nil || !strings.Contains(out, `"matched":1`) {
		t.Errorf("%s\ngives %s (%v)", command, out, err)
	}
	for _, other := range []string{"grafana", ""} {
		wrong := strings.ReplaceAll(command, "alertmanager.", other+".")
		if other == "" {
			wrong = strings.Replace(command, "--cert alertmanager.crt --key alertmanager.key", "", 1)
		}
		if out, _ := h.bash(dir, wrong); !strings.Contains(out, `"status":401`) {
			t.Errorf("%s\ngives %s", wrong, out)
		}
	}
}

func TestTheProxyOfTheWebhookGuideWorks(t *testing.T) {
	text, dir, files := guide(t), t.TempDir(), behavePack(t)
	files["rules/mesh.yaml"] = hookRule("mesh")
	writePack(t, dir, "behave", files)
	h := serve(t, dir, func(c *config.Config) {
		said := loadText(t, one(t, text, "yaml proxy", 0))
		c.ClientSubject, c.Webhooks = said.ClientSubject, said.Webhooks
	})
	command := one(t, text, "bash proxy", 0)
	if out, err := h.bash("", command); err != nil || !strings.Contains(out, `"matched":1`) {
		t.Errorf("%s\ngives %s (%v)", command, out, err)
	}
	if out, _ := h.bash("", strings.Replace(command, "CN=alertmanager", "CN=grafana", 1)); !strings.Contains(out, `"status":401`) {
		t.Errorf("another subject gives %s", out)
	}
}

func TestThePackOfTheWebhookGuideWorks(t *testing.T) {
	text, dir, files := guide(t), t.TempDir(), behavePack(t)
	files["pack.yaml"] = strings.Replace(files["pack.yaml"], "name: behave", "name: oncall", 1)
	for name, content := range files {
		files[name] = strings.ReplaceAll(content, "behave.", "oncall.")
	}
	files["rules/pager.yaml"] = strings.Replace(hookRule("pager"), "behave.", "oncall.", 1)
	files["webhooks/pager.yaml"] = one(t, text, "yaml pack", 0)
	writePack(t, dir, "oncall", files)
	operator, command := one(t, text, "yaml operator", 0), one(t, text, "bash pack", 0)
	h := serve(t, dir, func(c *config.Config) { c.PackSecrets = loadText(t, operator).PackSecrets })
	if out, err := h.bash("", command); err != nil || !strings.Contains(out, `"matched":1`) {
		t.Errorf("%s\ngives %s (%v)\npack: %+v", command, out, err, h.pack("oncall"))
	}
	if out, _ := h.bash("", command, secretsOf(operator)...); !strings.Contains(out, `"status":401`) {
		t.Errorf("with another secret: %s", out)
	}
}

// secretsOf sets every secret that a block of settings names to a wrong one.
func secretsOf(settings string) []string {
	var env []string
	for _, name := range regexp.MustCompile(`env: (\w+)`).FindAllStringSubmatch(settings, -1) {
		env = append(env, name[1]+"=d3Jvbmc=")
	}
	return env
}

func blocks(guide, language string) []string {
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(guide, -1) {
		all = append(all, m[1])
	}
	return all
}
