package wasm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// player tells a run what another one was told. Nothing of the world is asked.
type player struct {
	tape    *automation.Tape
	clocks  []byte
	last    [2]uint64
	next    int // host call
	differs *Difference
	scrub   func([]byte) []byte
}

// Difference is the first host call of a replay that the recorded run did not make.
type Difference struct {
	Call int // from 0
	// Recorded is nil when the recorded run had made all its calls, Replayed when the
	// replay ended without making it.
	Recorded, Replayed *automation.TapeCall
}

func newPlayer(c Call) *player {
	if c.Replay == nil {
		return nil
	}
	return &player{tape: c.Replay, clocks: c.Replay.Clocks, scrub: c.Caller.Scrub}
}

// reading is the next one of the tape, whichever clock the guest reads now. Behind
// its end time goes on by a microsecond a reading.
func (p *player) reading(clock uint32) uint64 {
	which := min(clock, 1)
	v, n := binary.Varint(p.clocks)
	if n <= 0 || uint32(v&1) != which {
		p.last[which] += uint64(time.Microsecond)
		return p.last[which]
	}
	p.clocks = p.clocks[n:]
	p.last[which] += uint64(v >> 1)
	return p.last[which]
}

// call answers a host call as it was answered, or ends the replay where it is
// another one.
func (p *player) call(name string, request []byte) ([]byte, automation.HostCall) {
	record := automation.HostCall{Name: short(name), StartedAt: time.Now(), RequestBytes: len(request)}
	if p.scrub != nil {
		request = p.scrub(request) // as it was recorded
	}
	made := automation.TapeCall{Name: short(name), Request: jsonOrText(request)}
	if p.next >= len(p.tape.Calls) {
		p.differs = &Difference{Call: p.next, Replayed: &made}
		panic(&stop{automation.CodeDiverged, "the replay makes a host call that the recorded run did not make: " + made.Name})
	}
	recorded := &p.tape.Calls[p.next]
	if recorded.Name != made.Name || !sameJSON(recorded.Request, made.Request) {
		p.differs = &Difference{Call: p.next, Recorded: recorded, Replayed: &made}
		panic(&stop{automation.CodeDiverged, "the replay makes another host call than the recorded run: " + made.Name})
	}
	p.next++
	record.ReplyBytes = len(recorded.Reply)
	var refusal struct {
		Error struct{ Kind, Message string } `json:"error"`
	}
	if json.Unmarshal(recorded.Reply, &refusal) == nil {
		record.Error, record.Message = refusal.Error.Kind, refusal.Error.Message
	}
	return recorded.Reply, record
}

// difference is what the replay showed at its end.
func (p *player) difference() *Difference {
	if p == nil {
		return nil
	}
	if p.differs == nil && p.next < len(p.tape.Calls) {
		return &Difference{Call: p.next, Recorded: &p.tape.Calls[p.next]}
	}
	return p.differs
}

// sameJSON compares two requests by their meaning: another build of a module may
// write its keys in another order.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	one, err := json.Marshal(x)
	other, err2 := json.Marshal(y)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// jsonOrText keeps what is JSON, and the rest as a JSON string.
func jsonOrText(b []byte) json.RawMessage {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	if json.Valid(b) {
		return b
	}
	text, err := json.Marshal(string(b))
	if err != nil {
		return nil
	}
	return text
}
