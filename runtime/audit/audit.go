// Package audit makes records of who changed what into a chain: each holds the hash
// of the one before, so that one that was changed, removed, inserted or moved shows.
// It is pure; what remembers the records is package store.
//
// What is hashed, to the byte, so that others can verify a chain without this
// program: the 32 bytes of the hash of the record before (zeros before the first),
// then twelve netstrings. A netstring is the length in bytes as decimal digits, ":",
// the bytes, ",". They are, in this order:
//
//	squall-audit-1   the name of this format
//	seq              decimal digits
//	at               RFC 3339 in UTC with up to nine digits of a second, as in JSON
//	user role via remote verb kind id outcome
//	detail           for each entry, by name in the order of bytes: name and value,
//	                 each as a netstring
//
// The hash is the SHA-256 of that.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// format is the name of the encoding, hashed with each record: another one could not
// be taken for this.
const format = "squall-audit-1"

// The bounds of a record, in bytes. What callers wrote must not fill the disk.
const (
	mostText   = 512
	mostDetail = 32 // entries
)

// Beginning is what the first record of all follows.
func Beginning() automation.AuditPlace {
	return automation.AuditPlace{Hash: strings.Repeat("0", 2*sha256.Size)}
}

// Seal makes a record the next of a chain: it gives it number and hashes. Texts that
// are too long are cut, and what is no UTF-8 is replaced.
func Seal(last automation.AuditPlace, r automation.AuditRecord) automation.AuditRecord {
	r = clean(r)
	r.Seq, r.Prev = last.Seq+1, last.Hash
	r.Hash = hashOf(r)
	return r
}

// Place is where a record stands.
func Place(r automation.AuditRecord) automation.AuditPlace {
	return automation.AuditPlace{Seq: r.Seq, Hash: r.Hash}
}

// hashOf is the hash that a record should have. A Prev that is no hash gives one that
// nothing has.
func hashOf(r automation.AuditRecord) string {
	prev, err := hex.DecodeString(r.Prev)
	if err != nil || len(prev) != sha256.Size {
		return ""
	}
	sum := sha256.Sum256(append(prev, Bytes(r)...))
	return hex.EncodeToString(sum[:])
}

// Bytes are the canonical bytes of a record: everything but its hashes.
func Bytes(r automation.AuditRecord) []byte {
	var detail []byte
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		detail = netstring(netstring(detail, name), r.Detail[name])
	}
	var out []byte
	for _, text := range []string{format, strconv.FormatInt(r.Seq, 10), r.At.UTC().Format(time.RFC3339Nano),
		r.User, r.Role, r.Via, r.Remote, r.Verb, r.Kind, r.ID, r.Outcome, string(detail)} {
		out = netstring(out, text)
	}
	return out
}

func netstring(out []byte, text string) []byte {
	out = append(strconv.AppendInt(out, int64(len(text)), 10), ':')
	return append(append(out, text...), ',')
}

// clean keeps a record small, and such that it survives JSON unchanged.
func clean(r automation.AuditRecord) automation.AuditRecord {
	r.At = r.At.UTC().Round(0)
	for _, text := range []*string{&r.User, &r.Role, &r.Via, &r.Remote, &r.Verb, &r.Kind, &r.ID, &r.Outcome} {
		*text = short(*text)
	}
	detail := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		if len(detail) < mostDetail {
			detail[short(name)] = short(r.Detail[name])
		}
	}
	r.Detail = detail
	return r
}

func short(text string) string {
	if len(text) > mostText {
		text = text[:mostText-len("…")] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
