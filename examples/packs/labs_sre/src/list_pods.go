package main

import (
	"fmt"
	"sort"
	"strings"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
)

// selection is the parameters of list_pods.
type selection struct {
	Namespace     string `json:"namespace"`
	LabelSelector string `json:"label_selector"`
}

// listing is the output of list_pods.
type listing struct {
	Table     string `json:"table"`
	Count     int    `json:"count"`
	Truncated bool   `json:"truncated,omitempty"` // there are more Pods than one answer holds
	Pods      []row  `json:"pods"`
}

// shownLines bounds the copy of the table in the log; the output has all of it.
const shownLines = 200

func list(s selection) (*listing, error) {
	reply, err := squall.KubeList[pod](squall.KubeListRequest{
		Resource:      "pods",
		Namespace:     s.Namespace,
		LabelSelector: s.LabelSelector,
		Fields:        podFields(),
	})
	if err != nil {
		return nil, fmt.Errorf("list Pods: %w", err)
	}
	rows := rowsOf(reply.Items, time.Now())
	out := &listing{Table: table(rows), Count: len(rows), Truncated: reply.Truncated, Pods: rows}
	show(out)
	return out, nil
}

func rowsOf(pods []pod, now time.Time) []row {
	rows := make([]row, 0, len(pods))
	for _, p := range pods {
		rows = append(rows, p.row(now))
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := rows[i], rows[j]
		return a.Namespace < b.Namespace || a.Namespace == b.Namespace && a.Name < b.Name
	})
	return rows
}

// show prints the table into the log, where people look first.
func show(l *listing) {
	lines := strings.Split(strings.TrimSuffix(l.Table, "\n"), "\n")
	for _, line := range lines[:min(len(lines), shownLines)] {
		squall.Infof("%s", line)
	}
	if hidden := len(lines) - shownLines; hidden > 0 {
		squall.Infof("... and %d more, all of them in the output", hidden)
	}
	if l.Truncated {
		squall.Warnf("the cluster has more Pods than one answer can hold: choose a namespace or labels")
	}
}
