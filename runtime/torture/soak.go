package torture

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sample is one look at a server at work.
type sample struct {
	at         float64 // seconds since the load began
	memory     float64 // resident, MiB; zero where the system does not say
	heap       float64 // in use by the program's objects, MiB
	goroutines float64
	log        float64 // size of the write-ahead log, MiB
	perEvent   float64 // size of the database, KiB for each event
}

// soak loads a server for as long as one likes, with a new generation of its pack
// every two seconds, and fails on what grows: a line is laid through the samples,
// and must be flat within a tolerance. The first third of the time is for filling
// caches.
func soak(ctx context.Context, r *run) error {
	b, err := r.newBench("soak")
	if err != nil {
		return err
	}
	defer b.close()
	s, err := b.start(ctx, plan{})
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, r.For)
	defer cancel()
	loaded := make(chan struct{})
	go func() { b.load(limit, s); close(loaded) }()
	samples, generations, err := b.watch(limit, s)
	<-loaded
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	r.note("%d generations of the pack, %.0f events a second", generations, float64(b.next.Load())/r.For.Seconds())
	r.flat("resident memory", "MiB", samples, func(s sample) float64 { return s.memory }, 0.15, 24)
	r.flat("heap", "MiB", samples, func(s sample) float64 { return s.heap }, 0.25, 16)
	r.flat("goroutines", "", samples, func(s sample) float64 { return s.goroutines }, 0.10, 16)
	r.flat("size of the log", "MiB", samples, func(s sample) float64 { return s.log }, 0.25, 8)
	r.flat("size of the database for each event", "KiB", samples, func(s sample) float64 { return s.perEvent }, 0.25, 0.5)
	r.tell("the load is over, and all that it left is looked at")
	b.politeness()
	return b.verify(ctx)
}

// watch takes samples and changes the pack until ctx is done.
func (b *bench) watch(ctx context.Context, s *server) (samples []sample, generations int, err error) {
	began := time.Now()
	every := max(b.For/120, 250*time.Millisecond)
	tick, reload := time.NewTicker(every), time.NewTicker(2*time.Second)
	defer tick.Stop()
	defer reload.Stop()
	for {
		select {
		case <-ctx.Done():
			return samples, generations, nil
		case <-s.exited:
			return samples, generations, fmt.Errorf("the server ended by itself with exit code %d", s.code)
		case <-reload.C:
			generations++
			if err := b.change(generations); err != nil {
				return nil, 0, err
			}
		case <-tick.C:
			x, err := b.sample(ctx, s)
			if err != nil && ctx.Err() == nil {
				return nil, 0, err
			}
			if x.at = time.Since(began).Seconds(); err == nil && x.at > b.For.Seconds()/3 {
				samples = append(samples, x)
			}
		}
	}
}

// change makes the pack a new one.
func (b *bench) change(generation int) error {
	path := filepath.Join(b.dir, "packs", "relay", "pack.yaml")
	text := strings.Replace(relayPack(b.hitMe)["pack.yaml"], "1.0.0", fmt.Sprintf("1.0.%d", generation), 1)
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return fmt.Errorf("change the pack: %w", err)
	}
	return os.Rename(path+".new", path)
}

func (b *bench) sample(ctx context.Context, s *server) (x sample, err error) {
	const mib = 1 << 20
	x.memory = resident(s.cmd.Process.Pid) / mib
	metrics, err := b.metrics(ctx, s.url)
	if err != nil {
		return x, err
	}
	x.goroutines, x.heap = metrics["go_goroutines"], metrics["go_memstats_heap_inuse_bytes"]/mib
	x.log = sizeOf(filepath.Join(b.dir, "data", "squall.db-wal")) / mib
	if n := b.next.Load(); n > 0 {
		x.perEvent = (sizeOf(filepath.Join(b.dir, "data", "squall.db")) + x.log*mib) / 1024 / float64(n)
	}
	return x, nil
}

func sizeOf(path string) float64 {
	info, err := os.Stat(path)
	if err != nil { // it is not there yet
		return 0
	}
	return float64(info.Size())
}

// resident is how much memory a process has, in bytes. Only Linux says.
func resident(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64) // the kernel writes numbers
	return pages * float64(os.Getpagesize())
}

// metrics reads what the server counts, without the lines that have labels.
func (b *bench) metrics(ctx context.Context, url string) (map[string]float64, error) {
	token, err := os.ReadFile(filepath.Join(b.dir, "data", "admin.token"))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				all[name] = v
			}
		}
	}
	if all["go_goroutines"] == 0 {
		return nil, fmt.Errorf("the server's metrics (%d) have no go_goroutines", resp.StatusCode)
	}
	return all, nil
}

// flat lays a line through samples. What it rises from the first to the last of
// them must be within a part of their mean, or within an amount.
func (r *run) flat(what, unit string, samples []sample, value func(sample) float64, part, amount float64) {
	xs, ys := make([]float64, len(samples)), make([]float64, len(samples))
	for i, s := range samples {
		xs[i], ys[i] = s.at, value(s)
	}
	p := r.promise("samples", what+" does not grow")
	if len(xs) < 10 {
		r.check(p, false, "only %d samples", len(xs))
		return
	}
	slope, mean := line(xs, ys)
	rise := slope * (xs[len(xs)-1] - xs[0])
	r.checked(p, len(xs)-1)
	r.check(p, rise <= max(part*mean, amount), "it grows from %.1f to %.1f %s, %.2f %s a minute", mean-rise/2, mean+rise/2, unit, slope*60, unit)
	r.note("%s: mean %.1f %s, rise %+.2f %s in %.0f s", what, mean, unit, rise, unit, xs[len(xs)-1]-xs[0])
}

// line is the slope of the line with the least squares, and the mean.
func line(xs, ys []float64) (slope, mean float64) {
	n := float64(len(xs))
	var sx, sy, sxx, sxy float64
	for i := range xs {
		sx, sy = sx+xs[i], sy+ys[i]
		sxx, sxy = sxx+xs[i]*xs[i], sxy+xs[i]*ys[i]
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx), sy / n
}
