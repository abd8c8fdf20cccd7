package automation

import "time"

// LastBackup is when a backup was last written; the zero value is never.
type LastBackup struct {
	At    time.Time `json:"at,omitzero"`
	Bytes int64     `json:"bytes,omitempty"` // before compression
	// Missing is how many contents of artifacts were gone or damaged.
	Missing int `json:"missing,omitempty"`
}
