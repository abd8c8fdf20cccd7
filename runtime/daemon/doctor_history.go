package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// wastedRoom is where free room in a database that does not shrink is worth a word.
const wastedRoom = 256 << 20

// historyKept looks whether retention does its work.
func (d *doctor) historyKept() finding {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := d.history(ctx)
	if err != nil {
		return failed("the history can not be measured: "+err.Error(), "look at the server's log")
	}
	return judgeHistory(r)
}

func judgeHistory(r automation.Retention) finding {
	detail := fmt.Sprintf("%d executions in %s", r.Size.Executions, automation.SizeText(r.Size.Bytes))
	excess := 0
	for _, rule := range r.Rules {
		excess = max(excess, rule.Excess)
	}
	switch {
	case r.Error != "":
		return failed(detail+"; retention fails: "+r.Error, "look at the server's log; it is tried again every minute")
	case len(r.Rules) == 0:
		detail += "; everything is kept"
	case excess > 0:
		detail += fmt.Sprintf("; %d are to go", excess)
	}
	if !r.Size.Shrinks && r.Size.FreeBytes > wastedRoom {
		return warning(detail+fmt.Sprintf("; %s of the file are free and do not go back to the disk", automation.SizeText(r.Size.FreeBytes)),
			"stop the server, then once: sqlite3 squall.db 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'")
	}
	return ok(detail)
}
