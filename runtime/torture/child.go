package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/daemon"
	"github.com/squall-dev/squall/runtime/disk"
)

// PlanEnv is the environment variable that holds the plan of a tortured server.
const PlanEnv = "SQUALL_TORTURE_PLAN"

// plan is what is to happen to one server.
type plan struct {
	Dir string `json:"dir"`
	// Point is where the process dies, at the Hit-th time.
	Point string `json:"point,omitempty"`
	Hit   int64  `json:"hit,omitempty"`
	// Reached is a file to write the names of all points to that were reached.
	Reached string `json:"reached,omitempty"`
	// Cut is at which operation on the disk the power goes, and Image where what
	// the disk then holds is left.
	Cut   int    `json:"cut,omitempty"`
	Image string `json:"image,omitempty"`
	Seed  uint64 `json:"seed,omitempty"`
	// Lie is a class of files of which the disk says that they are synced, and does
	// not do it.
	Lie string `json:"lie,omitempty"`

	Synchronous     string `json:"synchronous,omitempty"`
	CheckpointPages int    `json:"checkpoint_pages,omitempty"`
}

// Exit codes of a child that died as it was told to.
const (
	exitPoint = 41
	exitCut   = 42
)

// Child is a server under torture: it serves until SIGTERM, or until what the plan
// says. It tells on standard output, as one line of JSON, how to reach it.
func Child(ctx context.Context, stdout, stderr io.Writer) int {
	var p plan
	if err := json.Unmarshal([]byte(os.Getenv(PlanEnv)), &p); err != nil || p.Dir == "" {
		fmt.Fprintln(stderr, "this command is for squall torture, which says in", PlanEnv, "what to do")
		return 2
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	faults, err := p.faults()
	if err == nil {
		err = p.serve(ctx, faults, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func (p plan) serve(ctx context.Context, faults disk.Faults, stdout, stderr io.Writer) error {
	d, err := daemon.New(ctx, daemon.Options{
		Config: configOf(p.Dir), Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready:  func(s daemon.Started) { _ = json.NewEncoder(stdout).Encode(s) }, // a parent that is gone needs no answer
		Faults: faults,
	})
	if err != nil {
		return err
	}
	return d.Run(ctx)
}

func configOf(dir string) config.Config {
	c := config.Default()
	c.Listen, c.Data, c.Packs = "127.0.0.1:0", filepath.Join(dir, "data"), filepath.Join(dir, "packs")
	c.DrainTimeout = 2 * time.Second
	return c
}

func (p plan) faults() (disk.Faults, error) {
	f := disk.Faults{Synchronous: p.Synchronous, CheckpointPages: p.CheckpointPages}
	if p.Point != "" || p.Reached != "" {
		f.Points = p.dieAt()
		if p.Reached != "" {
			f.Points = p.list()
		}
		f.Layer = pointsOf(f.Points, filepath.Join(p.Dir, "data"))
	}
	if p.Cut == 0 {
		return f, nil
	}
	rec, err := newRecorder(filepath.Join(p.Dir, "data"))
	if err != nil {
		return f, err
	}
	rec.lie = p.Lie
	f.Layer = rec.cutAt(p.Cut, func() {
		if err := rec.leave(p.Image, p.Seed); err != nil {
			fmt.Fprintln(os.Stderr, "leave the image:", err)
			os.Exit(1)
		}
		os.Exit(exitCut)
	})
	return f, nil
}

// dieAt ends the process as SIGKILL does: nothing is closed, nothing said.
func (p plan) dieAt() disk.Points {
	var hits atomic.Int64
	return func(name string) {
		if name == p.Point && hits.Add(1) == max(p.Hit, 1) {
			os.Exit(exitPoint)
		}
	}
}

// list writes down each point once.
func (p plan) list() disk.Points {
	var known sync.Map
	return func(name string) {
		if _, again := known.LoadOrStore(name, true); again {
			return
		}
		f, err := os.OpenFile(p.Reached, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintln(f, name)
			err = errors.Join(err, f.Close())
		}
		if err != nil { // then the point is missing in the list, which is checked
			fmt.Fprintln(os.Stderr, "write down a point:", err)
		}
	}
}
