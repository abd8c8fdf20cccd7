package wasm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// record is what the cache keeps of a module beside its machine code.
type record struct {
	Key      string // the name that it was written under
	Compiled machineCode
	Findings *findings
}

// machineCode is a file that the runtime made. The runtime has a checksum for the
// code in it, but none for where each function begins.
type machineCode struct {
	File string // in the cache; empty when nothing was compiled
	Sum  uint32
}

// A record begins with a magic and the length of what JSON says; then come that,
// the rewritten module, and a checksum of it all. The checksum is there for what
// happens to disks, not against people; see [records].
const (
	recordMagic = "squall record\n"
	recordHead  = len(recordMagic) + 4
)

func checksums() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, by crc32

func (r *record) encode() ([]byte, error) {
	facts, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, recordHead+len(facts)+len(r.Findings.code)+4)
	out = binary.LittleEndian.AppendUint32(append(out, recordMagic...), uint32(len(facts)))
	out = append(append(out, facts...), r.Findings.code...)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, checksums())), nil
}

// decodeRecord reads what encode wrote under a key, and nothing else.
func decodeRecord(b []byte, key string) (*record, error) {
	body := len(b) - 4
	if body < recordHead || !bytes.HasPrefix(b, []byte(recordMagic)) {
		return nil, errors.New("it is no record")
	}
	if crc32.Checksum(b[:body], checksums()) != binary.LittleEndian.Uint32(b[body:]) {
		return nil, errors.New("it is damaged")
	}
	n := binary.LittleEndian.Uint32(b[len(recordMagic):])
	if uint64(n) > uint64(body-recordHead) {
		return nil, errors.New("it is shorter than it says")
	}
	r := &record{}
	if err := json.Unmarshal(b[recordHead:recordHead+int(n)], r); err != nil {
		return nil, fmt.Errorf("read its facts: %w", err)
	}
	if r.Key != key || r.Findings == nil {
		return nil, errors.New("it is another module's")
	}
	r.Findings.code = b[recordHead+int(n) : body : body]
	return r, nil
}
