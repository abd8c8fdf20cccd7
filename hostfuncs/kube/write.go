package kube

import (
	"context"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/squall-dev/squall/hostfuncs"
)

// fieldManager is how the cluster knows who set a field.
const fieldManager = "squall"

// Changed identifies an object as it is after a change. Its content is for
// kube_get, which needs a right of its own.
type Changed struct {
	APIVersion      string `json:"api_version"`
	Kind            string `json:"kind"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name"`
	UID             string `json:"uid,omitempty"`
	ResourceVersion string `json:"resource_version,omitempty"`
	Generation      int64  `json:"generation,omitempty" doc:"counts the changes of what is wanted; status.observed_generation follows it"`
}

func changed(u *unstructured.Unstructured) Changed {
	if u == nil {
		return Changed{}
	}
	return Changed{
		APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName(),
		UID: string(u.GetUID()), ResourceVersion: u.GetResourceVersion(), Generation: u.GetGeneration(),
	}
}

// write is a task that changes its object.
type write struct {
	task
	// once tells that sending the request a second time could change something else
	// than sending it once.
	once bool
	// scale tells that it is the object's scale that is written.
	scale bool
	do    func(context.Context, found, mode) (*unstructured.Unstructured, error)
}

// mode is how a write is sent: dry lets the API server say what would become of
// the object, after all its own checks, without keeping it.
type mode struct{ dry bool }

func (m mode) dryRun() []string {
	if m.dry {
		return []string{metav1.DryRunAll}
	}
	return nil
}

func (m mode) patch() metav1.PatchOptions {
	return metav1.PatchOptions{FieldManager: fieldManager, DryRun: m.dryRun()}
}

// perform carries a write out.
func (c *Client) perform(ctx context.Context, who hostfuncs.Caller, w write) (after *unstructured.Unstructured, err error) {
	err = c.on(ctx, who, w.task, func(ctx context.Context, _ *cluster, f found) error {
		after, err = w.do(ctx, f, mode{})
		if w.once && !unheard(err) {
			return finally(err)
		}
		return err
	})
	return after, err
}

// rehearse lets the API server carry a write out without keeping it, and compares
// the object before and after. What is not there before has no lines.
func (c *Client) rehearse(ctx context.Context, who hostfuncs.Caller, w write) (after *unstructured.Unstructured, diff string, err error) {
	err = c.on(ctx, who, w.task, func(ctx context.Context, _ *cluster, f found) error {
		var before *unstructured.Unstructured
		before, err = f.objects.Get(ctx, w.ref.Name, metav1.GetOptions{}, w.read()...)
		if apierrors.IsNotFound(err) {
			before = nil
		} else if err != nil {
			return err
		}
		if after, err = w.do(ctx, f, mode{dry: true}); err != nil {
			return err
		}
		diff, err = difference(before, after)
		return err
	})
	return after, diff, err
}

func (w write) read() []string {
	if w.scale {
		return []string{"scale"}
	}
	return nil
}

// unheard reports whether the API server surely did not act on the request.
func unheard(err error) bool {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return status.Status().Code == http.StatusTooManyRequests
	}
	return unreached(err)
}

func finally(err error) error {
	if err == nil {
		return nil
	}
	return final{err}
}
