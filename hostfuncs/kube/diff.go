package kube

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
)

// maxDiff bounds what a dry run leaves in the history.
const maxDiff = 64 << 10

// difference shows what becomes of an object as a unified diff of its YAML; nil
// is an object that is not there. It is empty when nothing changes.
func difference(before, after *unstructured.Unstructured) (string, error) {
	a, err := yamlOf(before)
	if err != nil {
		return "", err
	}
	b, err := yamlOf(after)
	if err != nil {
		return "", err
	}
	text := unified(a, b)
	if len(text) > maxDiff {
		text = text[:strings.LastIndexByte(text[:maxDiff], '\n')+1] + "... and more\n"
	}
	return text, nil
}

// yamlOf writes an object for people: without who manages which field, without
// the copy that kubectl keeps of it, and without the content of Secrets.
func yamlOf(object *unstructured.Unstructured) ([]string, error) {
	if object == nil {
		return nil, nil
	}
	o := object.DeepCopy()
	o.SetManagedFields(nil)
	unstructured.RemoveNestedField(o.Object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	if o.GetKind() == "Secret" && o.GetAPIVersion() == "v1" {
		mask(o.Object)
	}
	var b bytes.Buffer
	if err := json.NewSerializerWithOptions(json.DefaultMetaFactory, nil, nil, json.SerializerOptions{Yaml: true}).Encode(o, &b); err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"), nil
}

// mask replaces what a Secret holds by the beginning of its hash: enough to see
// that a value changes, too little to look it up.
func mask(secret map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		values, _ := secret[field].(map[string]any)
		for key, value := range values {
			sum := sha256.Sum256(fmt.Append(nil, value))
			values[key] = "hidden, hash " + hex.EncodeToString(sum[:2])
		}
	}
}

// unified compares lines.
func unified(a, b []string) string {
	lines := compare(a, b)
	const context = 3
	var out strings.Builder
	for i := 0; i < len(lines); {
		if lines[i].op == ' ' {
			i++
			continue
		}
		from, to := max(i-context, 0), i
		for quiet := 0; to < len(lines) && quiet <= 2*context; to++ {
			quiet++
			if lines[to].op != ' ' {
				quiet = 0
			}
		}
		for to > i && lines[to-1].op == ' ' && trailing(lines[i:to]) > context {
			to--
		}
		hunk(&out, lines, from, to)
		i = to
	}
	return out.String()
}

// trailing is how many equal lines stand at the end.
func trailing(lines []line) (n int) {
	for n < len(lines) && lines[len(lines)-1-n].op == ' ' {
		n++
	}
	return n
}

func hunk(out *strings.Builder, lines []line, from, to int) {
	olds, news := span(lines[:from]), span(lines[from:to])
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", olds.before+min(1, news.before), news.before, olds.after+min(1, news.after), news.after)
	for _, l := range lines[from:to] {
		out.WriteByte(l.op)
		out.WriteString(l.text)
		out.WriteByte('\n')
	}
}

// line is one of a diff: op is ' ', '-' or '+'.
type line struct {
	op   byte
	text string
}

type counts struct{ before, after int }

func span(lines []line) (n counts) {
	for _, l := range lines {
		if l.op != '+' {
			n.before++
		}
		if l.op != '-' {
			n.after++
		}
	}
	return n
}

// compare keeps the longest common subsequence, unless the lines that differ are
// so many that looking for it would take memory that nobody asked for.
func compare(a, b []string) []line {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	lines := mark(nil, ' ', a[:start])
	lines = append(lines, middle(a[start:len(a)-end], b[start:len(b)-end])...)
	return mark(lines, ' ', a[len(a)-end:])
}

func mark(lines []line, op byte, texts []string) []line {
	for _, text := range texts {
		lines = append(lines, line{op, text})
	}
	return lines
}

func middle(a, b []string) []line {
	if len(a)*len(b) > 4<<20 {
		return mark(mark(nil, '-', a), '+', b)
	}
	common := make([][]int32, len(a)+1) // common[i][j] of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []line
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			lines = append(lines, line{' ', a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			lines, i = append(lines, line{'-', a[i]}), i+1
		default:
			lines, j = append(lines, line{'+', b[j]}), j+1
		}
	}
	return mark(mark(lines, '-', a[i:]), '+', b[j:])
}
