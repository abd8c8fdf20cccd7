package sqlite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// released are the migrations that databases out there have seen. A line here
// never changes; a new migration adds one.
var released = map[string]string{
	"0001_initial.sql":  "79885fdd7ea37371127244127fa1e832967bb7e6e594b000a22e43790f6ca4bc",
	"0002_rules.sql":    "64c272466f16154c2c85c2a858920616e6dda596dfd5d31558961fff7b192360",
	"0003_tape.sql":     "c1e2f1b7b9dcac666ce8c8a806d2e3195ca85084b1e7075250f7d29f8ca93df6",
	"0004_children.sql": "8cf7ffb978a308e798a326bc28af90a2a54f23a934a10ff9501e759f929afa29",
	"0005_life.sql":     "739f5cb4e75bd8f76a262cde38ac916e38dc32aa163541550b0bb89aaf6e2e74",
}

func TestMigrationsNeverChange(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/*.sql")
	must(t, err)
	if len(files) != len(released) {
		t.Errorf("%d migrations; %d are listed here", len(files), len(released))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:]); got != released[filepath.Base(file)] {
			t.Errorf("%s has the sum %s; a released migration must stay as it is", file, got)
		}
	}
}
