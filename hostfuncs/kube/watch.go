package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"

	"github.com/squall-dev/squall/runtime/automation"
)

// ErrExpired tells that the API server has forgotten the version to go on from: the
// objects must be listed again.
var ErrExpired = errors.New("the resource version is too old")

// WatchRequest asks for the objects of one kind, and for what happens to them.
type WatchRequest struct {
	Context       string
	Resource      string // such as pods, Pod, deployments.apps
	Namespace     string // all namespaces when empty
	LabelSelector string
	FieldSelector string
	// Grants are those of every pack that hears of the objects; each must allow the
	// list.
	Grants []automation.Capabilities
}

// Object is one object at one time.
type Object struct {
	UID, Version, Namespace, Name string
	Data                          json.RawMessage // without managedFields
}

// Snapshot is all objects at one time.
type Snapshot struct {
	Group, APIVersion, Kind string
	Version                 string // to go on from
	Objects                 []Object
}

// Change is what happened to an object: added, modified, deleted; or bookmark, which
// only brings a newer version to go on from; or opened, which comes first and brings
// nothing: the API server has accepted the watch.
type Change struct {
	Type   string
	Object Object
}

func (r WatchRequest) describe() string {
	return ListRequest{Resource: r.Resource, Namespace: r.Namespace}.describe()
}

func (r WatchRequest) right(verbs string) rbac {
	return rbac{resource: r.Resource, verbs: verbs, namespace: r.Namespace}
}

func (r WatchRequest) options() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: r.LabelSelector, FieldSelector: r.FieldSelector}
}

// Snapshot lists all objects.
func (c *Client) Snapshot(ctx context.Context, r WatchRequest) (Snapshot, error) {
	ctx, cancel, err := begin(ctx, 0, time.Minute)
	if err != nil {
		return Snapshot{}, err
	}
	defer cancel()
	var got Snapshot
	err = c.use(ctx, r.Context, r.describe(), new(r.right("list, watch")), func(k *cluster) error {
		f, err := k.allowed(ctx, r)
		if err != nil {
			return err
		}
		kind, err := k.mapper.KindForWithContext(ctx, schema.GroupVersionResource{Group: f.target.group, Resource: f.target.resource})
		if err != nil {
			return err
		}
		got = Snapshot{Group: kind.Group, APIVersion: kind.Version, Kind: kind.Kind}
		return got.read(ctx, f, r.options())
	})
	return got, err
}

// read pages through the list.
func (s *Snapshot) read(ctx context.Context, from found, options metav1.ListOptions) error {
	for options.Limit = pageSize; ; {
		page, err := from.objects.List(ctx, options)
		if err != nil {
			return err
		}
		for i := range page.Items {
			o, err := objectOf(&page.Items[i])
			if err != nil {
				return err
			}
			s.Objects = append(s.Objects, o)
		}
		s.Version, options.Continue = page.GetResourceVersion(), page.GetContinue()
		if options.Continue == "" {
			return nil
		}
	}
}

// Watch calls each for whatever happens after a version, in order, until ctx is done,
// the API server ends the watch (nil) or each returns an error, which is returned as
// it is. [ErrExpired] means: begin again with a [Client.Snapshot].
func (c *Client) Watch(ctx context.Context, r WatchRequest, from string, each func(Change) error) error {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, logr.Discard()))
	defer cancel()
	var stream watch.Interface
	err := c.use(ctx, r.Context, "watch: "+r.describe(), new(r.right("list, watch")), func(k *cluster) error {
		f, err := k.allowed(ctx, r)
		if err != nil {
			return err
		}
		options := r.options()
		options.ResourceVersion, options.AllowWatchBookmarks = from, true
		if stream, err = f.objects.Watch(ctx, options); expired(err) {
			return final{ErrExpired}
		}
		return err
	})
	if errors.Is(err, ErrExpired) {
		return ErrExpired
	}
	if err != nil {
		return err
	}
	defer stream.Stop()
	if err := each(Change{Type: "opened"}); err != nil {
		return err
	}
	for event := range stream.ResultChan() {
		if err := c.pass(ctx, r, event, each); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) pass(ctx context.Context, r WatchRequest, event watch.Event, each func(Change) error) error {
	types := map[watch.EventType]string{watch.Added: "added", watch.Modified: "modified", watch.Deleted: "deleted", watch.Bookmark: "bookmark"}
	u, isObject := event.Object.(*unstructured.Unstructured)
	if event.Type == watch.Error || !isObject {
		err := apierrors.FromObject(event.Object)
		if expired(err) {
			return ErrExpired
		}
		return explain(ctx, err, "watch: "+r.describe(), r.right("list, watch"))
	}
	o, err := objectOf(u)
	if err != nil {
		return err
	}
	return each(Change{Type: types[event.Type], Object: o})
}

func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// allowed finds the resource and asks every pack's grants.
func (k *cluster) allowed(ctx context.Context, r WatchRequest) (found, error) {
	f, err := k.find(ctx, ListRequest{Kind: r.Resource}.what(), r.Namespace)
	if err != nil {
		return found{}, err
	}
	f.target.context = r.Context
	for _, grants := range r.Grants {
		if err := f.target.check(grants); err != nil {
			return found{}, err
		}
	}
	return f, nil
}

// objectOf drops the fields that say which program wrote which field: they are most
// of many objects and of no use to rules.
func objectOf(u *unstructured.Unstructured) (Object, error) {
	u.SetManagedFields(nil)
	data, err := json.Marshal(u.Object)
	if err != nil {
		return Object{}, fmt.Errorf("encode %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	return Object{UID: string(u.GetUID()), Version: u.GetResourceVersion(), Namespace: u.GetNamespace(), Name: u.GetName(), Data: data}, nil
}
