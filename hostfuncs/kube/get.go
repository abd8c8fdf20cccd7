package kube

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// GetRequest asks for one object.
type GetRequest struct {
	ObjectRef
	Fields []string `json:"fields,omitempty" doc:"dotted paths to keep; lists are followed element by element; a dot in a key is written \\."`
}

// GetResponse holds the object, with only the fields that were asked for.
type GetResponse struct {
	Object json.RawMessage `json:"object"`
}

func (r GetRequest) describe() string { return "get " + r.ObjectRef.String() }

// Get returns one object. That it is not there is an error of kind ErrNotFound.
func (c *Client) Get(ctx context.Context, who hostfuncs.Caller, req GetRequest) (r GetResponse, err error) {
	keep, err := parseFields(req.Fields)
	if err != nil {
		return r, err
	}
	t := task{ref: req.ObjectRef, verb: verbGet, rights: "get"}
	err = c.on(ctx, who, t, func(ctx context.Context, _ *cluster, f found) error {
		object, err := f.objects.Get(ctx, req.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if r.Object, err = json.Marshal(keep.of(object.Object)); err != nil {
			return fmt.Errorf("encode %s: %w", req.ObjectRef, err)
		}
		return nil
	})
	if err == nil && len(r.Object) > hostfuncs.MaxReplyBytes {
		return GetResponse{}, automation.Invalid("%s has %d bytes, more than a reply holds", req.ObjectRef, len(r.Object)).
			WithHint(`name the fields that are needed: "fields": ["status.conditions"]`)
	}
	return r, err
}
