package packs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
)

// sumsFile holds what the pack's files should be, as sha256sum writes it. A pack
// need not have one: whoever edits a pack by hand would only have to write it anew.
// With it, a file that a disk or a copy has changed is told from one that a person
// has changed, and nothing of the pack comes into service.
const sumsFile = "pack.sum"

// verify compares the files with pack.sum, if there is one.
func (c contents) verify() error {
	text, ok := c[sumsFile]
	if !ok {
		return nil
	}
	sums, err := parseSums(string(text))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		want, listed := sums[name]
		sum := sha256.Sum256(c[name])
		switch {
		case name == sumsFile:
		case !listed:
			errs = append(errs, invalid("%s is not in %s", name, sumsFile).WithHint("%s", sumsHint))
		case want != hex.EncodeToString(sum[:]):
			errs = append(errs, invalid("%s is not what %s says", name, sumsFile).WithCode("pack_damaged").
				WithHint("restore it, or if it was changed on purpose: %s", sumsHint))
		}
	}
	return errors.Join(errs...)
}

const sumsHint = "write the sums anew: sha256sum pack.yaml *.wasm* */*.yaml > pack.sum"

// parseSums reads lines of a sum, two blanks (or one and a star) and a path. Files
// that are none of the server's business may be listed too.
func parseSums(text string) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		sum, path, ok := strings.Cut(line, " ")
		if _, err := hex.DecodeString(sum); !ok || err != nil || len(sum) != 2*sha256.Size || len(path) < 2 {
			return nil, invalid("%s has a line that is not a SHA-256 and a path: %.80q", sumsFile, line).WithCode("pack_damaged").WithHint("%s", sumsHint)
		}
		sums[strings.TrimPrefix(path[1:], "./")] = sum
	}
	return sums, nil
}
