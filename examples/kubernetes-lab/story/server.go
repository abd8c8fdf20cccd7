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
	"strings"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
)

// server is Squall in its Pod.
type server struct {
	base, token string
	pod         string
}

// pod is what the story reads of a Pod.
type pod struct {
	Metadata struct{ Name, UID string }
	Status   struct {
		PodIP             string
		Conditions        []struct{ Type, Status string }
		ContainerStatuses []struct {
			RestartCount int
			State        containerState
			LastState    containerState
		}
	}
}

type containerState struct {
	Running    *struct{ StartedAt time.Time }
	Terminated *struct {
		Reason     string
		ExitCode   int
		FinishedAt time.Time
	}
}

func (p pod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return p.Status.PodIP != ""
		}
	}
	return false
}

// deploy applies what is shipped, and waits until Squall is ready.
func deploy(ctx context.Context, c *cluster.Cluster, manifests string) (*server, error) {
	if err := c.Run(ctx, "kubectl", "apply", "-k", filepath.Join(manifests, "squall")); err != nil {
		return nil, fmt.Errorf("deploy squall: %w", err)
	}
	var found pod
	err := c.Until(ctx, 2*time.Minute, "squall is ready", func(ctx context.Context) error {
		var list struct{ Items []pod }
		if err := c.Get(ctx, "/api/v1/namespaces/squall/pods?labelSelector=app%3Dsquall", &list); err != nil {
			return err
		}
		if len(list.Items) != 1 || !list.Items[0].ready() {
			return errors.New("its Pod is not ready; see kubectl -n squall describe pods")
		}
		found = list.Items[0]
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, explainPods(ctx, c))
	}
	token, err := os.ReadFile(filepath.Join(c.Dir, "kubelet", "pods", found.Metadata.UID, "volumes/kubernetes.io~empty-dir/data/admin.token"))
	if err != nil {
		return nil, fmt.Errorf("read squall's admin token: %w", err)
	}
	return &server{base: found.Status.PodIP + ":8085", token: strings.TrimSpace(string(token)), pod: found.Metadata.Name}, nil
}

// explainPods tells what the cluster says of Squall's Pod and what that says itself.
func explainPods(ctx context.Context, c *cluster.Cluster) error {
	described, err := c.Output(ctx, "kubectl", "-n", "squall", "get", "pods,events")
	logged, loggedErr := c.Output(ctx, "kubectl", "-n", "squall", "logs", "deploy/squall", "--tail=20")
	return errors.Join(fmt.Errorf("%s%s", described, logged), err, loggedErr)
}

// get reads from Squall's API.
func (s *server) get(ctx context.Context, path string, into any) error {
	body, err := s.read(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("ask squall for %s: %w", path, err)
	}
	return nil
}

func (s *server) read(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask squall for %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask squall for %s: %w", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("ask squall for %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask squall for %s: %s: %s", path, resp.Status, body)
	}
	return body, nil
}

// execution is what the story reads of one.
type execution struct {
	ID          string `json:"id"`
	Event       string `json:"event"`
	Status      string
	Message     string
	Parameters  struct{ Pod string }
	Output      struct{ Via, Message, Greeting string }
	AttemptList []struct {
		StartedAt time.Time `json:"started_at"`
	} `json:"attempt_list"`
	Artifacts []artifact
}

type artifact struct {
	ID        string
	Name      string
	Size      int64
	CreatedAt time.Time `json:"created_at"`
}

func (x execution) ended() bool { return x.Status != "pending" && x.Status != "running" }
