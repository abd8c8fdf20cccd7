package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// The demo's victim: a program that never forgets a session. It runs as a child
// process of its own, so that what is dumped is not the server.

// leakCommand is how the demo starts its child; people have no use for it.
const leakCommand = "demo-leak"

// killedExit is the exit status of a process that the kernel killed for memory.
const killedExit = 128 + 9

// leakReport is what the child tells of itself at /memory. Sizes are in bytes.
type leakReport struct {
	Heap  uint64 `json:"heap"`
	Limit uint64 `json:"limit"`
}

func newLeakCommand() *cobra.Command {
	var limit, rate uint64
	cmd := &cobra.Command{
		Use: leakCommand, Hidden: true, Args: cobra.NoArgs,
		Example: "  squall " + leakCommand + " --limit 67108864 --rate 8388608",
		Short:   "Leak memory with pprof on loopback, as the demo's victim",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return leak(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), limit, rate)
		},
	}
	cmd.Flags().Uint64Var(&limit, "limit", 64<<20, "bytes of heap at which the program is killed")
	cmd.Flags().Uint64Var(&rate, "rate", 8<<20, "bytes leaked a second")
	return cmd
}

// leak serves pprof, waits for a line on its standard input and then leaks until
// its limit kills it. It also ends when its parent does, which closes that input.
func leak(ctx context.Context, in io.Reader, out io.Writer, limit, rate uint64) error {
	runtime.MemProfileRate = 16 << 10 // small demo, fine picture
	debug.SetGCPercent(20)            // so that the heap's size is mostly what is kept
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for pprof: %w", err)
	}
	server := &http.Server{Handler: leakHandler(limit), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with the process
	if err := json.NewEncoder(out).Encode(map[string]string{"address": listener.Addr().String()}); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}
	orders := bufio.NewReader(in)
	if _, err := orders.ReadString('\n'); err != nil {
		return nil //nolint:nilerr // the parent has gone
	}
	go func() { _, _ = io.Copy(io.Discard, orders); cancel() }()
	ended := make(chan struct{})
	go func() { // a goroutine of its own, so that the profile begins with the shop
		defer close(ended)
		newShop().serve(ctx, rate, limit)
	}()
	<-ended
	return errors.Join(server.Close(), ignoreCanceled(ctx.Err()))
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func leakHandler(limit uint64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/memory", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(leakReport{Heap: heapInUse(), Limit: limit})
	})
	return mux
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
