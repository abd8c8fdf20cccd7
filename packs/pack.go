// Package packs is how automation reaches the server: folders of YAML and Wasm
// are read, checked, compiled and put into service while everything else goes on.
//
// A pack passes through three phases with a type each: [Manifest] is what was
// read, [Pack] what was checked and compiled away from traffic, and [Registry]
// holds what is in service. [Loader] leads from the first to the second, Install
// from the second to the third, and [Watcher] does both whenever files change.
// A pack that can not be loaded changes nothing; the registry shows why.
//
// The package does not run actions and does not decide which rule matches. It
// lends modules ([Registry.Acquire]) and publishes compiled rules
// ([Snapshot.Rules]).
package packs

import (
	"context"
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// Pack is a pack that passed every check, with its modules compiled. Whoever
// holds one that is not installed must Close it; Install passes the duty on.
type Pack struct {
	Manifest Manifest
	Name     string // in references
	Path     string // where the files lie; "embedded" for shipped packs
	Digest   string // "sha256:..." over all files that were read
	Actions  []automation.Action
	Rules    []automation.Rule
	Triggers []automation.TriggerType
	Sensors  []automation.Sensor
	Webhooks []Webhook
	Policies []automation.Policy
	// ConfigSchema is config.schema.yaml, Config what the operator wrote completed
	// with its defaults.
	ConfigSchema map[string]automation.Parameter
	Config       map[string]any
	// Notes name what is in the files and has no effect.
	Notes []string

	polls   []automation.Action  // the code of sensors, one each
	modules map[string]*module   // by entry point, one hold each
	infos   map[string]wasm.Info // by entry point
	// Of the actions whose entry point is an Extism manifest, by name.
	plugins      map[string]plugin
	pluginConfig map[string]map[string]any
}

// Status describes the pack as it is, in service or not.
func (p *Pack) Status() automation.PackStatus {
	s := automation.PackStatus{
		Name: p.Name, Version: p.Manifest.Version, Description: p.Manifest.Description, Author: p.Manifest.Author,
		Digest: p.Digest, Path: p.Path, Capabilities: p.Manifest.Capabilities,
		Actions: []automation.Ref{}, Rules: []automation.Ref{}, Modules: p.moduleStatus(),
	}
	for i := range p.Actions {
		s.Actions = append(s.Actions, p.Actions[i].Ref())
	}
	for i := range p.Rules {
		s.Rules = append(s.Rules, p.Rules[i].Ref())
	}
	for i := range p.Sensors {
		s.Sensors = append(s.Sensors, p.Sensors[i].Ref())
	}
	for i := range p.Webhooks {
		s.Webhooks = append(s.Webhooks, p.Webhooks[i].Path)
	}
	for i := range p.Policies {
		s.Policies = append(s.Policies, p.Policies[i].Ref())
	}
	return s
}

// Close gives the modules back. It waits for calls under way.
func (p *Pack) Close(ctx context.Context) error {
	var errs []error
	for _, m := range p.modules {
		errs = append(errs, m.release(ctx))
	}
	p.modules = nil
	return errors.Join(errs...)
}

// joined is errors.Join that leaves a single error as it is, hint and all.
func joined(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// hintOf returns the first hint among all errors that err joins.
func hintOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*automation.Error); ok && e.Hint != "" {
		return e.Hint
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if hint := hintOf(inner); hint != "" {
				return hint
			}
		}
	case interface{ Unwrap() error }:
		return hintOf(e.Unwrap())
	}
	return ""
}
