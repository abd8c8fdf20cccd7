package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// swapping is a rule that is exchanged by kubectl apply while webhooks come in.
type swapping struct {
	*run
	pod   pod    // Squall's, as it was
	says  string // what the rule must say
	asked int    // webhooks
	took  []string
}

// swap exchanges a rule in the ConfigMap that is mounted into Squall's Pod: for another
// one, for one that is broken and for a third. Every webhook on the way must be
// answered by the rule that was in service before, or by the one that comes.
func (r *run) swap() ([]row, error) {
	s := &swapping{run: r, says: "first"}
	if err := r.cluster.Get(r.ctx, s.podPath(), &s.pod); err != nil {
		return nil, err
	}
	first, err := s.configMap("swap.yaml")
	if err != nil {
		return nil, err
	}
	if err := s.ask("first"); err != nil {
		return nil, err
	}
	steps := []func() error{
		func() error { return s.exchange("second", s.applied(first, "second")) },
		func() error { return s.breakIt(first) },
		func() error { return s.exchange("third", s.applied(first, "third")) },
		func() error { return s.exchange("first", s.applied(first, "first")) }, // for the next run
		s.undisturbed,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return []row{{Run: r.number, Variant: r.name, Rate: r.rate, OK: true, Verdict: fmt.Sprintf(
		"ok, from kubectl apply until the kubelet had laid the file down, and until Squall had it in service: %s; %d webhooks on the way, no restart; a broken rule left the old one in service",
		strings.Join(s.took, ", "), s.asked)}}, nil
}

func (s *swapping) podPath() string { return "/api/v1/namespaces/squall/pods/" + s.server.pod }

func (s *swapping) applied(first, says string) func() error {
	return func() error { return s.apply(strings.Replace(first, "message: first", "message: "+says, 1)) }
}

// exchange changes the rule and sends webhooks until it answers as changed.
func (s *swapping) exchange(says string, change func() error) error {
	begin := time.Now()
	if err := change(); err != nil {
		return err
	}
	old := s.says
	err := s.cluster.Until(s.ctx, 3*time.Minute, "the rule says "+says, func(context.Context) error {
		err := s.ask(old, says)
		if err == nil && s.says != says {
			err = fmt.Errorf("it says %s", s.says)
		}
		if errors.Is(err, errStory) {
			return nil // below
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.says != says {
		return s.ask(says) // for its error
	}
	effect := time.Since(begin)
	laid, err := s.laidDown("rules")
	s.took = append(s.took, fmt.Sprintf("%.1f and %.1f s", laid.Sub(begin).Seconds(), effect.Seconds()))
	return errors.Join(err, s.inService())
}

// inService looks whether the pack is in service without a complaint.
func (s *swapping) inService() error {
	p, err := s.pack(s.ctx, "labs_sre")
	if err == nil && (!p.InService || p.Error != "") {
		err = fmt.Errorf("%w: the pack is not in service, or complains: %+v", errStory, p)
	}
	return err
}

// breakIt applies a rule that can not be read. The old one must stay in service, and
// Squall must say where the mistake is.
func (s *swapping) breakIt(first string) error {
	if err := s.apply(strings.Replace(first, "trigger:", "triger:", 1)); err != nil {
		return err
	}
	if err := s.complains("labs_sre", "rules/swap.yaml:"); err != nil {
		return err
	}
	p, err := s.pack(s.ctx, "labs_sre")
	if err != nil {
		return err
	}
	if !p.InService || !strings.Contains(p.Error, "triger") {
		return fmt.Errorf("%w: the pack went out of service, or its error does not name the mistake: %+v", errStory, p)
	}
	return s.ask(s.says)
}

// undisturbed checks that Squall's Pod is the one that it was.
func (s *swapping) undisturbed() error {
	var now pod
	if err := s.cluster.Get(s.ctx, s.podPath(), &now); err != nil {
		return err
	}
	before, after := s.pod.Status.ContainerStatuses, now.Status.ContainerStatuses
	if now.Metadata.UID != s.pod.Metadata.UID || len(before) != 1 || len(after) != 1 || after[0].RestartCount != before[0].RestartCount ||
		after[0].State.Running == nil || !after[0].State.Running.StartedAt.Equal(before[0].State.Running.StartedAt) {
		return fmt.Errorf("%w: Squall was restarted: %+v", errStory, now.Status)
	}
	return nil
}

// packStatus is what Squall says of a pack.
type packStatus struct {
	InService bool `json:"in_service"`
	Version   string
	Error     string
}

func (s *swapping) pack(ctx context.Context, name string) (p packStatus, err error) {
	err = s.server.get(ctx, "/api/v1/packs/"+name, &p)
	return p, err
}

// ask posts to the rule's webhook and notes what it says. It must be one of these.
func (s *swapping) ask(allowed ...string) error {
	x, err := s.post("swap", "{}")
	if err != nil {
		return err
	}
	if s.says = x.Output.Message; !slices.Contains(allowed, s.says) {
		return fmt.Errorf("%w: the rule says %q, not one of %q", errStory, s.says, allowed)
	}
	return nil
}

// post sends a webhook, which must start one execution, and returns that when it has ended.
func (s *swapping) post(webhook, body string) (x execution, err error) {
	s.asked++
	resp, err := http.Post("http://"+s.server.base+"/api/v1/webhooks/"+webhook, "application/json", strings.NewReader(body))
	if err != nil {
		return x, fmt.Errorf("%w: webhook %d: %w", errStory, s.asked, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return x, fmt.Errorf("%w: webhook %d: %w", errStory, s.asked, err)
	}
	var accepted struct{ Executions []string }
	if err := json.Unmarshal(answer, &accepted); err != nil || resp.StatusCode != http.StatusAccepted || len(accepted.Executions) != 1 {
		return x, fmt.Errorf("%w: webhook %d was answered by %s: %s", errStory, s.asked, resp.Status, answer)
	}
	return s.execution(accepted.Executions[0])
}

const configMapPath = "/api/v1/namespaces/squall/configmaps/squall-rules"

// configMap reads a file of the rules' ConfigMap.
func (s *swapping) configMap(file string) (string, error) {
	all, err := s.rules()
	return all[file], err
}

func (s *swapping) rules() (map[string]string, error) {
	var m struct{ Data map[string]string }
	err := s.cluster.Get(s.ctx, configMapPath, &m)
	return m.Data, err
}

// apply is what people do: kubectl apply of the ConfigMap with another rule.
func (s *swapping) apply(rule string) error {
	rules, err := s.rules()
	if err != nil {
		return err
	}
	rules["swap.yaml"] = rule
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "squall-rules", "namespace": "squall"}, "data": rules,
	})
	if err != nil {
		return fmt.Errorf("write the ConfigMap: %w", err)
	}
	return s.kubectlApply("rules.json", text)
}

func (s *swapping) kubectlApply(name string, object []byte, flags ...string) error {
	file := filepath.Join(s.cluster.Dir, name)
	if err := os.WriteFile(file, object, 0o644); err != nil {
		return fmt.Errorf("write the ConfigMap: %w", err)
	}
	return s.cluster.Run(s.ctx, "kubectl", append([]string{"apply", "-f", file}, flags...)...)
}

// complains waits until Squall says something of a pack.
func (s *swapping) complains(pack, of string) error {
	return s.cluster.Until(s.ctx, 3*time.Minute, "Squall complains of the pack", func(ctx context.Context) error {
		p, err := s.pack(ctx, pack)
		if err == nil && !strings.Contains(p.Error, of) {
			err = fmt.Errorf("it says %q of the pack", p.Error)
		}
		return err
	})
}

// laidDown is when the kubelet last turned the link that the files of a volume are
// reached by.
func (s *swapping) laidDown(volume string) (time.Time, error) {
	link := filepath.Join(s.cluster.Dir, "kubelet", "pods", s.pod.Metadata.UID, "volumes/kubernetes.io~configmap", volume, "..data")
	info, err := os.Lstat(link)
	if err != nil {
		return time.Time{}, fmt.Errorf("look at the volume: %w", err)
	}
	return info.ModTime(), nil
}
