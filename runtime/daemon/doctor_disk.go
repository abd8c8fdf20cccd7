package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/squall-dev/squall/runtime/automation"
)

// dataDirectory looks whether the server can keep things, and keep them to itself.
func (d *doctor) dataDirectory() finding {
	dir := d.config.Data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warning(dir+" is not there yet", "a server makes it when it starts; name another with --data or SQUALL_DATA")
	case err != nil:
		return failed(dir+" can not be looked at: "+err.Error(), "give the server's user the right to read it")
	case !info.IsDir():
		return failed(dir+" is not a directory", "move the file away, or choose another directory with --data")
	}
	if err := probe(dir); err != nil {
		return failed(dir+" can not be written to: "+err.Error(), "give the server's user the right to write there")
	}
	mode := fmt.Sprintf("%s can be written to, mode %04o", dir, info.Mode().Perm())
	if readable(info) {
		return warning(mode+": others of this machine may look into it", "chmod 700 "+dir)
	}
	return ok(mode)
}

// probe writes a file and removes it. Asking the system for the right to write
// would miss disks that are full or mounted for reading.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("squall doctor was here\n")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// readable and writable report whether others than the owner may look into a
// directory or change it. Windows says nothing of it in a mode.
func readable(info fs.FileInfo) bool { return allows(info, 0o077) }
func writable(info fs.FileInfo) bool { return allows(info, 0o022) }

func allows(info fs.FileInfo, bits fs.FileMode) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&bits != 0
}

// lowDisk is where a warning begins: a heap dump of a large program needs as much.
const lowDisk = 1 << 30

// diskSpace looks at the disk that the data directory is on, or will be.
func (d *doctor) diskSpace() finding {
	free, err := freeSpace(existing(d.config.Data))
	if errors.Is(err, errors.ErrUnsupported) {
		return ok("this system does not say how much is free")
	}
	if err != nil {
		return warning("the free space is not known: "+err.Error(), "")
	}
	return judgeSpace(free)
}

func judgeSpace(free uint64) finding {
	if free < lowDisk {
		return warning(automation.SizeText(int64(free))+" free, and artifacts can be as large as that",
			"make room, or move the data to a larger disk: --data")
	}
	return ok(automation.SizeText(int64(min(free, 1<<62))) + " free")
}

// existing returns the nearest directory above a path that is there.
func existing(path string) string {
	path = filepath.Clean(path)
	for {
		_, err := os.Stat(path)
		up := filepath.Dir(path)
		if err == nil || up == path {
			return path
		}
		path = up
	}
}
