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
	"0001_initial.sql":        "79885fdd7ea37371127244127fa1e832967bb7e6e594b000a22e43790f6ca4bc",
	"0002_rules.sql":          "64c272466f16154c2c85c2a858920616e6dda596dfd5d31558961fff7b192360",
	"0003_tape.sql":           "c1e2f1b7b9dcac666ce8c8a806d2e3195ca85084b1e7075250f7d29f8ca93df6",
	"0004_children.sql":       "8cf7ffb978a308e798a326bc28af90a2a54f23a934a10ff9501e759f929afa29",
	"0005_encrypted_keys.sql": "b132fec8c88f0ea3bf475f452f5ee8a27c0ab75fa3eb483f9cb3812ee7bebaf7",
	"0006_sums.sql":           "c80e5ec9b5f6446ad242bbd927f946549a433d030f1fc375f4139cb23b55a7a5",
	"0007_history.sql":        "ae8f6275ea38379401c76c3e69d33801e048fc327c803236d59455703b67c7f3",
	"0008_life.sql":           "ec2b8c0bfd381b66ec79472648cd56c2355a9dc217aea8814c6a4fe720147d1e",
	"0009_cheap_checks.sql":   "722e69e5de2692880693cfc4cc5db8da378e19f3c01820347c60bf34e449bce8",
	"0010_audit.sql":          "e4616b62eb4986ee35d104a7aab77483d4edab1d024eb1167213fd7f80e722bc",
	"0011_more_sums.sql":      "7f7d5e21e921b1a6b03f440deb39b9ddf4297cf865f2d182faa910eaf0f0d157",
	"0012_row_sums.sql":       "8239d5dd066a64c0a6f29f91e2c78ae337a638ae7b398da75b076a37d5723459",
	"0013_own_stories.sql":    "de368abd3a3bf0419730650c25ff522361f95e9fb239ed1a3a929e4c568f6fab",
	"0014_lean_search.sql":    "30084634628b10e85a0d5f455827b03eb2948fe9ae863e63090acd5625fcd76b",
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
