package sqlite

import (
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// mostRecent bounds how many executions the writer remembers, at about a kilobyte each.
const mostRecent = 2048

// recent are executions that have not ended and that the writer has stored lately:
// their next step need not read them. Only the writer changes the table, so that what
// it remembers is what a read would find; when a transaction is rolled back, it
// forgets all.
type recent map[string]remembered

// remembered is an execution's row: its small columns.
type remembered struct {
	execution automation.Execution
	hidden    hidden
}

// remember keeps what was just stored. Which one has to go for it is left to chance.
func (r recent) remember(e automation.Execution, h hidden) {
	if e.Status.Final() {
		delete(r, e.ID)
		return
	}
	if _, known := r[e.ID]; !known && len(r) >= mostRecent {
		for id := range r {
			delete(r, id)
			break
		}
	}
	r[e.ID] = remembered{asStored(e), h}
}

// asStored is an execution as a read of its small columns would return it.
func asStored(e automation.Execution) automation.Execution {
	e.Parameters, e.Output, e.Trace, e.AttemptList, e.Artifacts = nil, nil, "", nil, nil
	e.Message, e.Hint = inList(e.Message), inList(e.Hint)
	e.CreatedAt = storedTime(e.CreatedAt)
	for _, at := range []**time.Time{&e.StartedAt, &e.FinishedAt, &e.RunAfter} {
		if *at != nil {
			t := storedTime(**at)
			*at = &t
		}
	}
	return e
}

func storedTime(t time.Time) (stored time.Time) {
	_ = instant{&stored}.Scan(nanos(t)) // takes any int64
	return stored
}
