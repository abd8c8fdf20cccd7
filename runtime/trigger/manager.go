package trigger

import (
	"context"
	"errors"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// Manager runs all sources of a server.
type Manager struct {
	sources []Source
}

// NewManager makes a manager. It starts nothing.
func NewManager(sources ...Source) *Manager { return &Manager{sources: sources} }

// Sync says to every source which triggers are wanted from now on.
func (m *Manager) Sync(wanted []automation.Wanted) {
	for _, s := range m.sources {
		s.Sync(wanted)
	}
}

// Run runs all sources until ctx is done. One that can not work does not stop the
// others.
func (m *Manager) Run(ctx context.Context) error {
	errs := make([]error, len(m.sources))
	var all sync.WaitGroup
	for i, s := range m.sources {
		all.Go(func() { errs[i] = s.Run(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Status says how every part of every source is doing.
func (m *Manager) Status() []automation.SourceStatus {
	all := []automation.SourceStatus{}
	for _, s := range m.sources {
		all = append(all, s.Status()...)
	}
	return all
}
