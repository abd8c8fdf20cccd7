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
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there", tool)
		}
	}
	guide, err := os.ReadFile("../../examples/webhooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`env: (\w+)`).FindAllStringSubmatch(string(guide), -1) {
		t.Setenv(name[1], base64.StdEncoding.EncodeToString([]byte("the secret of "+name[1])))
	}
	settings, commands := blocks(string(guide), "yaml"), blocks(string(guide), "bash")
	if len(settings) < 8 || len(settings) != len(commands) {
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
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
		cmd.Env = append(os.Environ(), "SQUALL="+h.URL)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"matched":1`) {
			t.Errorf("%s\ngives %s (%v)\nsettings: %s", text, out, err, settings[i])
		}
		wrong := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
		wrong.Env = append(cmd.Env, secretsOf(settings[i])...)
		if out, _ := wrong.CombinedOutput(); !strings.Contains(string(out), `"status":401`) {
			t.Errorf("with another secret:\n%s\ngives %s", text, out)
		}
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
