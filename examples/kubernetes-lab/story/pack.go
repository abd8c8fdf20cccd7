package story

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// helloPack is the ConfigMap that a whole pack is mounted from: the lab's overlay says
// which key is which file.
type helloPack struct {
	text map[string]string // by key
	code []byte            // of pack.wasm
}

// readHello reads the pack as it is built.
func readHello(repository string) (p helloPack, err error) {
	folder := filepath.Join(repository, "examples", "packs", "hello")
	p.text = map[string]string{}
	for key, file := range map[string]string{
		"pack.yaml": "pack.yaml", "greet.yaml": "actions/greet.yaml", "greet_from_webhook.yaml": "rules/greet_from_webhook.yaml",
	} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return p, fmt.Errorf("read the pack hello: %w", err)
		}
		p.text[key] = string(text)
	}
	if p.code, err = os.ReadFile(filepath.Join(folder, "pack.wasm")); err != nil {
		return p, fmt.Errorf("read the pack hello: %w (run make packs first)", err)
	}
	return p, nil
}

// version is the same pack with another version and with code of other bytes: a custom
// section, which WebAssembly ignores.
func (p helloPack) version(number string) helloPack {
	section := append([]byte{byte(len(number))}, number...)
	next := helloPack{text: maps.Clone(p.text), code: append(bytes.Clone(p.code), append([]byte{0, byte(len(section))}, section...)...)}
	var lines []string
	for line := range strings.Lines(p.text["pack.yaml"]) {
		if !strings.HasPrefix(line, "version:") {
			lines = append(lines, line)
		}
	}
	next.text["pack.yaml"] = strings.Join(lines, "") + "version: " + number + "\n"
	return next
}

// configMap is the pack as JSON, with the code compressed; bytes beyond most of it are
// cut off when most is not 0.
func (p helloPack) configMap(most int) ([]byte, error) {
	var small bytes.Buffer
	w, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(p.code); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if most > 0 {
		small.Truncate(most)
	}
	return json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "squall-pack-hello", "namespace": "squall"},
		"data": p.text, "binaryData": map[string]any{"pack.wasm.gz": small.Bytes()},
	})
}

// mounting is a pack that comes into service from a ConfigMap while the server runs.
type mounting struct {
	*swapping
	hello helloPack
}

// mountPack applies a whole pack as a ConfigMap, then one whose code is cut off, then
// another version. From the first to the last, webhooks must be answered.
func (r *run) mountPack() ([]row, error) {
	hello, err := readHello(filepath.Join(r.plan.Manifests, "..", "..", ".."))
	if err != nil {
		return nil, err
	}
	m := &mounting{&swapping{run: r}, hello}
	if err := r.cluster.Get(r.ctx, m.podPath(), &m.pod); err != nil {
		return nil, err
	}
	again := fmt.Sprintf("2.0.%d", r.number)
	for _, step := range []func() error{
		func() error { return m.bring(fmt.Sprintf("1.0.%d", r.number)) },
		m.spoil,
		func() error { return m.bring(again) },
		m.undisturbed,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return []row{{Run: r.number, Variant: r.name, Rate: r.rate, OK: true, Verdict: fmt.Sprintf(
		"ok, from kubectl apply until the kubelet had laid the pack down, and until Squall had it in service: %s; %d webhooks, no restart; code that was cut off left the pack in service",
		strings.Join(m.took, ", "), m.asked)}}, nil
}

// bring applies a version of the pack and sends webhooks until it is in service.
func (m *mounting) bring(version string) error {
	begin := time.Now()
	if err := m.applyPack(m.hello.version(version), 0); err != nil {
		return err
	}
	var silent error
	err := m.cluster.Until(m.ctx, 3*time.Minute, "version "+version+" of the pack is in service", func(ctx context.Context) error {
		if m.asked > 0 { // it was in service before
			if silent = m.greet(); silent != nil {
				return nil // below
			}
		}
		p, err := m.pack(ctx, "hello")
		if err == nil && (!p.InService || p.Version != version || p.Error != "") {
			err = fmt.Errorf("%+v", p)
		}
		return err
	})
	if err = cmp.Or(err, silent); err != nil {
		return err
	}
	effect := time.Since(begin)
	laid, err := m.laidDown("pack-hello")
	m.took = append(m.took, fmt.Sprintf("%.1f and %.1f s", laid.Sub(begin).Seconds(), effect.Seconds()))
	return errors.Join(err, m.greet())
}

// spoil applies the pack with code that is cut off, of which Squall must say so.
func (m *mounting) spoil() error {
	if err := m.applyPack(m.hello.version("9.9.9"), 1<<16); err != nil {
		return err
	}
	if err := m.complains("hello", "pack.wasm.gz can not be unpacked"); err != nil {
		return err
	}
	return m.greet()
}

// applyPack is what people do; what kubectl notes on the client's side would be larger
// than an annotation may be.
func (m *mounting) applyPack(p helloPack, most int) error {
	text, err := p.configMap(most)
	if err != nil {
		return fmt.Errorf("write the ConfigMap: %w", err)
	}
	return m.kubectlApply("pack.json", text, "--server-side", "--force-conflicts")
}

// greet posts to the pack's webhook. Its Wasm must answer.
func (m *mounting) greet() error {
	x, err := m.post("hello", `{"name": "Ada"}`)
	if err == nil && x.Output.Greeting != "Hello, Ada!" {
		err = fmt.Errorf("%w: webhook %d: the execution is %s, and greets %q", errStory, m.asked, x.Status, x.Output.Greeting)
	}
	return err
}
