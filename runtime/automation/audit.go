package automation

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AuditRecord says who changed what, when, and what came of it. It never holds the
// value of a key or of a secret.
type AuditRecord struct {
	// Seq counts from 1, without gaps.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// User and Role are who asked; both are empty for somebody unknown. Via is what
	// vouched for them: "token NAME", "session", "code", "cli" or "server".
	User string `json:"user"`
	Role string `json:"role"`
	Via  string `json:"via"`
	// Remote is the address that the request came from.
	Remote string `json:"remote"`
	// Verb, Kind and ID are what was done: "cancel" "execution" "6740b1e2c3d4e5f6a7b8c9d0".
	Verb string `json:"verb"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Outcome is "ok" or the code of the error.
	Outcome string            `json:"outcome"`
	Detail  map[string]string `json:"detail,omitempty"`
	// Prev is the hash of the record before, Hash that of this one: SHA-256 in
	// hexadecimal digits.
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// AuditOK is the outcome of what was done.
const AuditOK = "ok"

// AuditPlace is a record of the chain, by number and hash. Seq 0 is the beginning of
// all, before the first record.
type AuditPlace struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// String writes it as people note it down: "SEQ:HASH".
func (p AuditPlace) String() string { return fmt.Sprintf("%d:%s", p.Seq, p.Hash) }

// ParseAuditPlace reads what [AuditPlace.String] writes.
func ParseAuditPlace(text string) (AuditPlace, error) {
	seq, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if !ok || err != nil || n < 0 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return AuditPlace{}, Invalid("%q is no place in the audit chain", text).WithCode("malformed").
			WithHint("write SEQ:HASH, as squall audit verify shows the head")
	}
	return AuditPlace{n, hash}, nil
}

// AuditChain is where the chain begins and ends.
type AuditChain struct {
	// Anchor is the last record that retention removed; what is kept follows it.
	Anchor AuditPlace `json:"anchor"`
	Head   AuditPlace `json:"head"`
}

// AuditReport is what a look at the chain found.
type AuditReport struct {
	AuditChain
	// Verified tells that the chain holds; Records is how many were looked at.
	Verified bool `json:"verified"`
	Records  int  `json:"records"`
	// Broken is the first record at which it does not hold, and why.
	Broken *AuditBreak `json:"broken,omitempty"`
}

// AuditBreak is where a chain does not hold.
type AuditBreak struct {
	Seq    int64  `json:"seq"`
	Reason string `json:"reason"`
}
