package packs

import (
	"fmt"
	"path"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// read turns the files into a pack whose code is not compiled yet. It goes on
// after a problem, so that people see all of them at once.
func (c contents) read(folder, where string) (*Pack, []error) {
	p := &Pack{Path: where, Digest: c.digest(), modules: map[string]*module{}, infos: map[string]wasm.Info{},
		plugins: map[string]plugin{}, pluginConfig: map[string]map[string]any{}}
	if errs := p.readManifest(c, folder); errs != nil {
		return p, errs
	}
	var errs []error
	if data, ok := c[configSchemaFile]; ok {
		schema, err := readConfigSchema(data)
		p.ConfigSchema, errs = schema, add(errs, err)
	}
	p.Actions, errs = readFolder(c, "actions", p.Name, errs, readAction)
	p.Rules, errs = readFolder(c, "rules", p.Name, errs, readRule)
	p.Triggers, errs = readFolder(c, "triggers", p.Name, errs, readTrigger)
	sensors, errs := readFolder(c, "sensors", p.Name, errs, readSensor)
	p.addSensors(sensors)
	errs = append(errs, p.unknownNeeds()...)
	p.Webhooks, errs = readFolder(c, "webhooks", p.Name, errs, readWebhook)
	p.Policies, errs = readFolder(c, "policies", p.Name, errs, readPolicy)
	if n := len(c.metadata("aliases")); n > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d files in aliases have no effect: this server does not run aliases", n))
	}
	p.noteIdlePolicies()
	return p, append(errs, p.duplicates()...)
}

func (p *Pack) readManifest(c contents, folder string) []error {
	data, ok := c[manifestFile]
	if !ok {
		return []error{invalid("%s is missing", manifestFile).
			WithHint(`write a %s with at least "name: %s"`, manifestFile, folder)}
	}
	m, err := readManifest(data)
	if err != nil {
		return []error{err}
	}
	p.Manifest = m
	if p.Name, err = nameOf(m, folder); err != nil {
		return []error{err}
	}
	return nil
}

func readFolder[T any](c contents, folder, pack string, errs []error, read func(file, pack string, data []byte) (T, error)) ([]T, []error) {
	var all []T
	for _, file := range c.metadata(folder) {
		item, err := read(file, pack, c[file])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, item)
	}
	return all, errs
}

// noteIdlePolicies names policies about actions that the pack does not have. Those of
// other packs may come later.
func (p *Pack) noteIdlePolicies() {
	for i := range p.Policies {
		policy := &p.Policies[i]
		has := slices.ContainsFunc(p.Actions, func(a automation.Action) bool { return a.Ref() == policy.Resource })
		if policy.Resource.Pack() == p.Name && !has {
			p.Notes = append(p.Notes, fmt.Sprintf("policy %s is about the action %s, which the pack does not have", policy.Name, policy.Resource))
		}
	}
}

// duplicates finds two files that declare the same thing.
func (p *Pack) duplicates() []error {
	var errs []error
	first := map[string]automation.Position{}
	check := func(kind, name string, at automation.Position) {
		key := kind + " " + name
		if other, dup := first[key]; dup {
			errs = append(errs, invalid("%s:%d:%d: %s %q is declared in %s already",
				at.File, at.Line, at.Column, kind, name, path.Base(other.File)))
		}
		first[key] = at
	}
	for _, a := range p.Actions {
		check("action", a.Name, a.Position)
	}
	for _, s := range p.Sensors {
		check("sensor", s.Name, s.Position)
	}
	for _, r := range p.Rules {
		check("rule", r.Name, r.Position)
	}
	for i := range p.Webhooks {
		check("webhook", p.Webhooks[i].Path, p.Webhooks[i].Position)
	}
	for i := range p.Policies {
		check("policy", p.Policies[i].Name, p.Policies[i].Position)
	}
	for _, t := range p.Triggers {
		check("trigger type", t.Name, t.Position)
	}
	return errs
}

func add(errs []error, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, err)
}
