package trigger

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// Source raises events by itself: a timer, a sensor, a watch. Package triggertest
// says what every source honours.
type Source interface {
	// Sync says which triggers are wanted from now on. It is called whenever the
	// catalogue changes, before Run and during it, and never waits for anything.
	Sync(wanted []automation.Wanted)
	// Run raises events until ctx is done and returns when all its goroutines have
	// ended. An error means that the source can not work at all.
	Run(ctx context.Context) error
	// Status says how each of its parts is doing, by ID.
	Status() []automation.SourceStatus
}

// Ingester makes events durable, with all that they lead to; the engine is one.
type Ingester interface {
	// IngestAll accepts events and stores marks, all or nothing.
	IngestAll(ctx context.Context, events []automation.Event, marks ...automation.Mark) ([]automation.Accepted, error)
}

// Marks tells a source how far it had come before the server started.
type Marks interface {
	Marks(ctx context.Context, source string) ([]automation.Mark, error)
}

// Meter counts what sources do, by kind.
type Meter interface {
	SourceRaised(kind string, events int)
	SourceFailed(kind string)
}

type noMeter struct{}

func (noMeter) SourceRaised(string, int) {}
func (noMeter) SourceFailed(string)      {}
