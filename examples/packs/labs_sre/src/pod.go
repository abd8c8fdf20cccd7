package main

import (
	"fmt"
	"time"
)

// pod is what list_pods reads of a Pod. The API server leaves out what does not
// exist yet: a Pod that waits for a node has neither node nor container statuses.
type pod struct {
	Metadata struct {
		Name              string    `json:"name"`
		Namespace         string    `json:"namespace"`
		CreationTimestamp time.Time `json:"creationTimestamp"`
	} `json:"metadata"`
	Spec struct {
		NodeName   string `json:"nodeName"`
		Containers []struct {
			Name string `json:"name"`
		} `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase             string `json:"phase"`
		ContainerStatuses []struct {
			Ready        bool `json:"ready"`
			RestartCount int  `json:"restartCount"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

// podFields are the paths of the above: a whole Pod is a hundred times larger.
func podFields() []string {
	return []string{
		"metadata.name", "metadata.namespace", "metadata.creationTimestamp",
		"spec.nodeName", "spec.containers.name", "status.phase",
		"status.containerStatuses.ready", "status.containerStatuses.restartCount",
	}
}

// row is a Pod as it is listed.
type row struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Phase     string `json:"phase"`
	Ready     string `json:"ready"` // "1/2": containers that are ready, of all
	Restarts  int    `json:"restarts"`
	Node      string `json:"node"`
	Age       string `json:"age"`
}

func (p pod) row(now time.Time) row {
	ready, restarts := 0, 0
	for _, c := range p.Status.ContainerStatuses {
		restarts += c.RestartCount
		if c.Ready {
			ready++
		}
	}
	return row{
		Namespace: p.Metadata.Namespace,
		Name:      p.Metadata.Name,
		Phase:     p.Status.Phase,
		Ready:     fmt.Sprintf("%d/%d", ready, len(p.Spec.Containers)),
		Restarts:  restarts,
		Node:      p.Spec.NodeName,
		Age:       age(p.Metadata.CreationTimestamp, now),
	}
}

// age rounds as kubectl does: what is old needs no seconds.
func age(since, now time.Time) string {
	d := now.Sub(since)
	switch {
	case since.IsZero():
		return ""
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
