package rewrite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What was kept over restarts under a version must be what that version emits: this
// list of what each emits, of the fixtures below, grows with Version.
func TestVersionTellsWhatIsEmitted(t *testing.T) {
	t.Parallel()
	sums := map[int]string{
		1: "40829484cb231f92d42d37a5439bc6a61b5ae35e688d519d519fa2fc60c8c73c",
		2: "17f76600dc2b18359b44e2ce5fca323bdaafb302fdc8c1dc42bbc69adb4dabd8",
	}
	h := sha256.New()
	for _, name := range []string{"behave", "cat", "channel", "direct", "early", "echo", "exit", "hide", "program", "random", "shapes", "sleep", "start", "table"} {
		code, err := os.ReadFile(filepath.Join("..", "testdata", name+".wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{}, {Checkpoint: true}} {
			s, err := Check(code, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			out := Rewrite(s, o)
			_, _ = fmt.Fprintf(h, "%s %q %v %v %v %x\n", name, out.Globals, out.HasStart, out.Touches, out.Checkpoint, out.Code) // a hash does not fail
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); sums[Version] != got {
		t.Errorf("bump rewrite.Version: what Rewrite emits has changed, to the sum %s", got)
	}
}

// Functions are written on all processors, with the same result each time.
func TestRewriteIsRepeatable(t *testing.T) {
	t.Parallel()
	s, err := Check(manyTypes(), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(Rewrite(s, Options{}).Code)
	for range 50 {
		if sha256.Sum256(Rewrite(s, Options{}).Code) != want {
			t.Fatal("the same module became another one")
		}
	}
}

// manyTypes has functions that call each other, with results of many types, so that
// many types are added for the blocks around their code.
func manyTypes() []byte {
	const n = 400
	types, funcs, code := putU32(nil, n), putU32(nil, n), putU32(nil, n)
	for i := range uint32(n) {
		results, body := []byte(nil), []byte{0, opCall}
		body = putU32(body, i) // itself: what it leaves is what it gives
		for k := range i % 10 {
			results = append(results, I32-byte((i>>k)%4))
		}
		types = putBytes(append(types, 0x60, 0), results)
		funcs = putU32(funcs, i)
		code = putBytes(code, append(body, opEnd))
	}
	return mod(sec(secType, types), sec(secFunction, funcs), sec(secCode, code))
}
