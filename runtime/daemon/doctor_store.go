package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// quickestSync is how long a disk takes at least that waits for its medium or for the
// memory of a battery-backed controller. What answers faster has not written anything.
const quickestSync = 20 * time.Microsecond

// syncs measures whether the disk waits when it is told to. It can show that one does
// not; that one does, nobody can see from here.
func (d *doctor) syncs() finding {
	if !d.config.Fsync {
		return warning("fsync is off: acknowledged events may be lost when the machine dies", "take fsync: false out of the configuration")
	}
	median, err := syncTime(existing(d.config.Data))
	if err != nil {
		return failed("nothing can be made durable: "+err.Error(), "check the disk and its mount options")
	}
	took := fmt.Sprintf("an fsync takes %s, as the median of 9", median.Round(time.Microsecond))
	switch {
	case median < quickestSync:
		return warning(took+": too fast to be true", "what is acknowledged may be lost at a power cut; is the disk a RAM disk, or are barriers off?")
	case median > 50*time.Millisecond:
		return warning(took+": every event waits for one", "move the data to a faster disk: --data")
	}
	return ok(took)
}

func syncTime(dir string) (median time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	var all []time.Duration
	for range 9 {
		if _, err := f.WriteString("squall doctor was here\n"); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// clock compares the clock of the machine with that of the disk, and with what passed
// since the server was started.
func (d *doctor) clock() finding {
	f, err := os.CreateTemp(existing(d.config.Data), ".doctor-*")
	if err != nil {
		return warning("the disk's clock can not be seen: "+err.Error(), "")
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return warning("the disk's clock can not be seen: "+err.Error(), "")
	}
	now := time.Now()
	return judgeClock(now, info.ModTime(), now.Sub(d.started), now.Round(0).Sub(d.started.Round(0)))
}

// judgeClock is told what the monotonic clock and the wall clock say has passed.
func judgeClock(now, disk time.Time, passed, walked time.Duration) finding {
	const much = 5 * time.Second
	zone, _ := now.Zone()
	switch {
	case now.Year() < 2024:
		return failed("it is "+now.Format(time.RFC3339)+" here", "set the clock: timers and certificates depend on it")
	case (walked - passed).Abs() > much:
		return warning(fmt.Sprintf("the clock was moved by %s since the server was started", (walked-passed).Round(time.Second)),
			"timers follow the clock; let a time service keep it")
	case now.Sub(disk).Abs() > much:
		return warning(fmt.Sprintf("the disk's clock differs by %s", now.Sub(disk).Round(time.Second)), "let a time service keep both clocks")
	}
	return ok(now.Format(time.RFC3339) + ", zone " + zone)
}

// private looks whether others may read what is nobody else's.
func (d *doctor) private() finding {
	names := []string{"squall.db", "secret.key", "admin.token"}
	if d.config.Secrets.KeyFile != "" {
		names[1] = d.config.Secrets.KeyFile
	}
	looked := 0
	for _, name := range names {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(d.config.Data, name)
		}
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return warning(path+" can not be looked at: "+err.Error(), "give the server's user the right to read it")
		}
		if looked++; readable(info) {
			return failed(fmt.Sprintf("others of this machine may read %s, mode %04o", path, info.Mode().Perm()), "chmod 600 "+path)
		}
	}
	if looked == 0 {
		return ok("there is nothing to protect yet")
	}
	return ok(fmt.Sprintf("%d files are this user's alone", looked))
}

// database looks at the structure of the file, as long as that takes no time to speak of.
func (d *doctor) database() finding {
	path := filepath.Join(d.config.Data, "squall.db")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ok("there is none yet")
	}
	if err != nil {
		return failed(path+" can not be looked at: "+err.Error(), "give the server's user the right to read it")
	}
	size := automation.SizeText(info.Size())
	if !d.deep && info.Size() > quickDatabase {
		return ok(size + "; with --deep all of it is read and checked")
	}
	if err := sqlite.Check(context.Background(), path, d.deep); err != nil {
		return failed(err.Error(), automation.HintOf(err))
	}
	if d.deep {
		return rowsFit(path, size)
	}
	return ok(size + ", its structure is whole")
}

// rowsFit looks at what SQLite can not: whether a letter became another one.
func rowsFit(path, size string) finding {
	r, err := sqlite.CheckRows(context.Background(), path)
	if err != nil {
		return failed(err.Error(), automation.HintOf(err))
	}
	if r.Count > 0 {
		return failed(fmt.Sprintf("%d of %d rows are damaged: %s", r.Count, r.Rows, strings.Join(r.Damaged, ", ")),
			"check the disk; what is damaged is not run and not shown, and a backup may hold it")
	}
	return ok(fmt.Sprintf("%s, its structure is whole and %d rows are as they were written", size, r.Rows))
}

// quickDatabase is the size up to which a look at all pages takes less than a second.
const quickDatabase = 256 << 20

// lateBackup is when a backup is missed.
const lateBackup = 7 * 24 * time.Hour

func (d *doctor) backedUp() finding { return judgeBackup(d.backups(), time.Now()) }

func judgeBackup(last automation.LastBackup, now time.Time) finding {
	const do = "squall backup FILE, from a timer of the system, onto another disk"
	switch age := now.Sub(last.At); {
	case last.At.IsZero():
		return warning("there was none", do)
	case age > lateBackup:
		return warning(fmt.Sprintf("the last one is %d days old", int(age.Hours()/24)), do)
	case last.Missing > 0:
		return warning(fmt.Sprintf("the last one lacks the contents of %d artifacts", last.Missing), "check the disk")
	default:
		return ok(fmt.Sprintf("%s, %s before compression", last.At.Local().Format(time.DateTime), automation.SizeText(last.Bytes)))
	}
}
