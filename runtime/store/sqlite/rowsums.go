package sqlite

import (
	"hash/crc32"
	"math"
	"strconv"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// rowSum adds up the columns of a row, one after the other, each with its end: the same
// checksum as sumOf, over values that are not all text.
type rowSum []byte

func newRowSum() rowSum { return make(rowSum, 0, 512) }

func (r rowSum) texts(all ...string) rowSum {
	for _, s := range all {
		r = append(append(r, s...), 0)
	}
	return r
}

func (r rowSum) numbers(all ...int64) rowSum {
	for _, n := range all {
		r = append(strconv.AppendInt(r, n, 10), 0)
	}
	return r
}

func (r rowSum) bools(all ...bool) rowSum {
	for _, b := range all {
		r = append(strconv.AppendBool(r, b), 0)
	}
	return r
}

// times are added as they are stored, so that one that was read is the same.
func (r rowSum) times(all ...*time.Time) rowSum {
	for _, t := range all {
		if t == nil {
			r = append(r, '-', 0)
			continue
		}
		r = r.numbers(nanos(*t))
	}
	return r
}

func (r rowSum) sum() int64 { return int64(crc32.Checksum(r, crc32.MakeTable(crc32.Castagnoli))) }

// fits compares with a stored checksum, which is NULL in rows from before there were any.
func (r rowSum) fits(stored *int64) bool { return stored == nil || *stored == r.sum() }

// listRow is an execution as the list shows it.
func listRow(e *automation.ExecutionSummary) rowSum {
	return newRowSum().
		texts(e.ID, string(e.Action), string(e.Status), e.Summary, string(e.Rule), e.Event, e.Parent, string(e.Code), e.StartedFrom, e.DelayReason, e.TraceID).
		numbers(int64(e.Attempts), int64(e.Priority)).bools(e.DryRun).times(&e.CreatedAt, e.StartedAt, e.FinishedAt, e.RunAfter)
}

// restRow are the other small columns of an execution, but for the number of its log
// lines, which grows on its own.
func restRow(e *automation.Execution) rowSum {
	r := newRowSum().texts(e.ID, e.StartedBy, inList(e.Message), inList(e.Hint), e.DelayKey).
		numbers(int64(e.MaxAttempts), int64(e.MaxLost), int64(e.Depth)).bools(e.Awaited, e.Rated)
	p := e.Retry
	if p == nil {
		return r
	}
	for _, on := range p.On {
		r = r.texts(string(on))
	}
	return r.numbers(int64(p.Delay), int64(p.MaxDelay), int64(p.TotalTimeout), int64(math.Float64bits(p.Jitter))).bools(p.Fixed)
}

// eventRow is an event without its payload, which has a checksum of its own.
// parameters is their JSON as it is stored.
func eventRow(e *automation.Event, parameters string) rowSum {
	return newRowSum().texts(e.ID, string(e.Trigger), parameters, e.Summary, e.Warning, e.Cause, e.Trace, e.TraceID).
		numbers(e.PayloadBytes, int64(e.Matched), int64(e.Looked), int64(e.Depth)).times(&e.ReceivedAt)
}

// verdictRow is a verdict without what a release changes. criteria is their JSON as it
// is stored.
func verdictRow(v *automation.Verdict, event, criteria string) rowSum {
	return newRowSum().texts(event, string(v.Rule), string(v.Outcome), criteria, v.Error, string(v.Control), v.Reason).
		numbers(int64(itemOf(*v)), int64(v.Held), int64(v.Total)).bools(v.Observed)
}

// attemptRow is the end of an attempt without what it left. usage is its JSON as it is
// stored.
func attemptRow(execution string, a *automation.Attempt, usage string) rowSum {
	return newRowSum().texts(execution, string(a.Status), string(a.Code), a.Message, usage).numbers(int64(a.Number)).times(a.FinishedAt)
}

// leftRow is something that an attempt left, as it is stored: its host calls, its tape.
func leftRow[T string | []byte](execution string, number int, left T) rowSum {
	return append(newRowSum().texts(execution).numbers(int64(number)), left...)
}
