package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/memory"
)

// wasmEngine looks whether guests run as machine code.
func (d *doctor) wasmEngine() finding {
	f := d.facts()
	detail := f.Mode + ": " + f.ModeWhy
	if f.Mode != "compiler" {
		return warning(detail, "actions run many times slower; use a 64-bit x86 or ARM machine that allows executable memory")
	}
	return ok(detail)
}

// memoryReset says how a guest's memory is put back after a run, and what that costs.
func (d *doctor) memoryReset() finding {
	f := d.facts()
	switch f.Reset {
	case memory.MethodScan:
		return ok("PAGEMAP_SCAN: the kernel lists the pages that a run wrote, and only those are put back")
	case memory.MethodRead:
		return ok("reading /proc/self/pagemap: only pages that a run wrote are put back; from Linux 6.7 on, finding them is faster")
	}
	return warning("copying: all memory of a guest is put back after each run, because "+f.ResetWhy,
		"use Linux with /proc mounted; runs of large guests are slower until then, not less isolated")
}

// compileCache looks at the directory from which machine code is executed.
func (d *doctor) compileCache() finding {
	dir := d.facts().CacheDir
	if dir == "" {
		return warning("there is none: modules are compiled at every start", "")
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ok(dir + " is not there yet; a server makes it when it starts")
	case err != nil:
		return failed(dir+" can not be looked at: "+err.Error(), "give the server's user the right to read it")
	case writable(info):
		return failed(fmt.Sprintf("%s has mode %04o: others may write there, and what lies there is executed", dir, info.Mode().Perm()), "chmod 700 "+dir)
	}
	files, bytes, err := measure(dir)
	if err != nil {
		return warning(dir+" can not be measured: "+err.Error(), "")
	}
	detail := fmt.Sprintf("%s, mode %04o, %s, %s", dir, info.Mode().Perm(), count(files, "entry", "entries"), automation.SizeText(bytes))
	if readable(info) {
		return warning(detail+": others of this machine may look into it", "chmod 700 "+dir)
	}
	return ok(detail)
}

// measure counts the files below a directory and their bytes.
func measure(dir string) (files int, bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) { // the engine replaces files while it is looked at
			return nil
		}
		if err == nil {
			files, bytes = files+1, bytes+info.Size()
		}
		return err
	})
	return files, bytes, err
}

// compileLimits says what bounds a module that is hard to compile.
func (d *doctor) compileLimits() finding { return ok("modules are compiled " + d.facts().Compiler) }

// guestMemory looks whether calls wait for memory.
func (d *doctor) guestMemory() finding {
	f := d.facts()
	detail := fmt.Sprintf("%s of %s in use by %s, %s idle", automation.SizeText(f.MemoryUsed), automation.SizeText(f.MemoryBudget),
		count(f.Modules, "module", "modules"), count(f.Idle, "instance", "instances"))
	if f.Waiting > 0 {
		return warning(fmt.Sprintf("%s; %s for memory", detail, count(f.Waiting, "call waits", "calls wait")),
			"let fewer actions run at the same time (workers), or lower limits.memory of their packs")
	}
	return ok(detail)
}

// packsLoaded looks whether what lies on disk is in service.
func (d *doctor) packsLoaded() finding {
	var serving int
	var broken, old []string
	for _, p := range d.packs() {
		switch {
		case p.Error == "":
			serving++
		case p.InService:
			serving++
			old = append(old, p.Name)
		default:
			broken = append(broken, p.Name)
		}
	}
	detail := fmt.Sprintf("%d in service", serving)
	if len(old) > 0 {
		detail += ", an older version of " + strings.Join(old, ", ")
	}
	const hint = "see what is wrong: squall pack list"
	switch {
	case len(broken) > 0:
		return failed(detail+"; not loaded: "+strings.Join(broken, ", "), hint)
	case len(old) > 0:
		return warning(detail, hint)
	}
	return ok(detail)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
