package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// databasePatience is how long a look through the database may take: whoever asks
// waits for it.
const databasePatience = 3 * time.Second

// databaseWhole looks through the database, as far as there is time.
func (d *doctor) databaseWhole() finding {
	path := filepath.Join(d.config.Data, "squall.db")
	look := d.database
	if look == nil {
		if _, err := os.Stat(path); err != nil {
			return ok(path + " is not there yet")
		}
		look = func(ctx context.Context) ([]string, error) { return sqlite.Check(ctx, path) }
	}
	ctx, cancel := context.WithTimeout(context.Background(), databasePatience)
	defer cancel()
	faults, err := look(ctx)
	return judgeDatabase(path, faults, err)
}

func judgeDatabase(path string, faults []string, err error) finding {
	const restore = "restore it from a backup; until then, copy the data directory away before anything else"
	var e *automation.Error
	switch {
	case errors.As(err, &e) && e.Code == sqlite.CodeOpen:
		return ok(path + ": its log is whole; the rest is looked through by the server that has it open, or after an orderly stop")
	case errors.Is(err, context.DeadlineExceeded):
		return ok(path + " is too large to be looked through in " + databasePatience.String())
	case err != nil:
		return failed(path+": "+err.Error(), restore)
	case len(faults) > 0:
		return failed(path+" is damaged: "+strings.Join(faults, "; "), restore)
	}
	return ok(path + " is whole")
}
