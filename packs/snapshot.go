package packs

import (
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
)

// Snapshot is the whole catalogue at one moment. It never changes.
type Snapshot struct {
	generations map[string]*generation
	failures    map[string]failure
	rules       *rule.Set
	actions     map[automation.Ref]served
	polls       map[automation.Ref]served // the code of sensors
	triggers    map[automation.Ref]declared
	webhooks    map[string]Webhook                     // by path
	policies    map[automation.Ref][]automation.Policy // in service, by action, in the order of their references
}

// served is an action with the generation that answers for it.
type served struct {
	action     automation.Action
	generation *generation
}

// failure is why the files of a pack are not in service.
type failure struct {
	path, message, hint string
}

// newSnapshot compiles the rules of all packs into one set.
func newSnapshot(generations map[string]*generation, failures map[string]failure) (*Snapshot, error) {
	s := &Snapshot{generations: generations, failures: failures, actions: map[automation.Ref]served{}, polls: map[automation.Ref]served{}, triggers: map[automation.Ref]declared{}, webhooks: map[string]Webhook{},
		policies: map[automation.Ref][]automation.Policy{}}
	var rules []automation.Rule
	for _, name := range slices.Sorted(maps.Keys(generations)) {
		g := generations[name]
		rules = append(rules, g.pack.Rules...)
		for _, a := range g.pack.Actions {
			s.actions[a.Ref()] = served{a, g}
		}
		for _, a := range g.pack.polls {
			s.polls[a.Ref()] = served{a, g}
		}
		for _, w := range g.pack.Webhooks {
			s.webhooks[w.Path] = w
		}
		for _, p := range g.pack.Policies {
			if p.Enabled {
				s.policies[p.Resource] = append(s.policies[p.Resource], p)
			}
		}
		for _, t := range g.triggers {
			s.triggers[t.Ref()] = t
		}
	}
	for _, policies := range s.policies {
		slices.SortFunc(policies, byPolicyRef)
	}
	var err error
	s.rules, err = rule.Compile(rules)
	return s, err
}

// withFailures is s with other failures and everything else as it is.
func (s *Snapshot) withFailures(failures map[string]failure) *Snapshot {
	c := *s
	c.failures = failures
	return &c
}

// Rules returns the compiled rules of all packs.
func (s *Snapshot) Rules() *rule.Set { return s.rules }

// Action finds an action.
func (s *Snapshot) Action(ref automation.Ref) (automation.Action, bool) {
	found, ok := s.actions[ref]
	return found.action, ok
}

// Config is the configuration of a pack in service, which nobody may change, and the
// names in it whose values are secret.
func (s *Snapshot) Config(pack string) (values map[string]any, secret []string) {
	g, ok := s.generations[pack]
	if !ok {
		return nil, nil
	}
	for name, p := range g.pack.ConfigSchema {
		if p.Secret {
			secret = append(secret, name)
		}
	}
	return g.pack.Config, secret
}

// Actions returns all actions by reference.
func (s *Snapshot) Actions() []automation.Action {
	all := make([]automation.Action, 0, len(s.actions))
	for _, ref := range slices.Sorted(maps.Keys(s.actions)) {
		all = append(all, s.actions[ref].action)
	}
	return all
}

// Policies returns the policies in service for an action.
func (s *Snapshot) Policies(action automation.Ref) []automation.Policy { return s.policies[action] }

// Policy finds a policy in service.
func (s *Snapshot) Policy(ref automation.Ref) (automation.Policy, bool) {
	p, found := s.DeclaredPolicy(ref)
	return p, found && p.Enabled
}

// DeclaredPolicy finds a policy, also one that is disabled.
func (s *Snapshot) DeclaredPolicy(ref automation.Ref) (automation.Policy, bool) {
	g, ok := s.generations[ref.Pack()]
	if !ok {
		return automation.Policy{}, false
	}
	for _, p := range g.pack.Policies {
		if p.Ref() == ref {
			return p, true
		}
	}
	return automation.Policy{}, false
}

// DeclaredPolicies returns all policies by reference.
func (s *Snapshot) DeclaredPolicies() []automation.Policy {
	all := []automation.Policy{}
	for _, g := range s.generations {
		all = append(all, g.pack.Policies...)
	}
	slices.SortFunc(all, byPolicyRef)
	return all
}

func byPolicyRef(a, b automation.Policy) int {
	return strings.Compare(string(a.Ref()), string(b.Ref()))
}

// Triggers returns all declared trigger types by reference.
func (s *Snapshot) Triggers() []automation.TriggerType {
	all := []automation.TriggerType{}
	for _, g := range s.generations {
		all = append(all, g.pack.Triggers...)
	}
	slices.SortFunc(all, func(a, b automation.TriggerType) int { return strings.Compare(string(a.Ref()), string(b.Ref())) })
	return all
}

// Packs returns all packs by name, also those that could not be loaded.
func (s *Snapshot) Packs() []automation.PackStatus {
	names := map[string]bool{}
	for name := range s.generations {
		names[name] = true
	}
	for name := range s.failures {
		names[name] = true
	}
	all := make([]automation.PackStatus, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		status, _ := s.Pack(name)
		all = append(all, status)
	}
	return all
}

// Pack finds a pack, also one that could not be loaded.
func (s *Snapshot) Pack(name string) (automation.PackStatus, bool) {
	g, inService := s.generations[name]
	f, failed := s.failures[name]
	status := automation.PackStatus{Name: name, Path: f.path, Actions: []automation.Ref{}, Rules: []automation.Ref{}, Modules: []automation.PackModule{}}
	if inService {
		status = g.status()
	}
	if failed {
		status.Error, status.Hint = f.message, f.hint
	}
	return status, inService || failed
}

func (s *Snapshot) unknownAction(ref automation.Ref) error {
	if f, failed := s.failures[ref.Pack()]; failed {
		return unknownAction(ref, "").WithHint("pack %s could not be loaded: %s", ref.Pack(), firstLine(f.message))
	}
	known := make([]string, 0, len(s.actions))
	for k := range s.actions {
		known = append(known, string(k))
	}
	return unknownAction(ref, didYouMean(string(ref), known)).WithHint("list what there is: squall pack list")
}

func unknownAction(ref automation.Ref, guess string) *automation.Error {
	return automation.NotFound("action %s does not exist%s", ref, guess).WithCode("unknown_action")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
