package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxSmall bounds what is read into memory.
const maxSmall = 64 << 20

// keep receives the members of an archive: the database and the contents. A nil one
// only reads.
type keep func(name string, r io.Reader) error

// Verify reads a whole backup and compares it with its sums.
func Verify(ctx context.Context, r io.Reader) (Summary, error) { return read(ctx, r, nil) }

// read goes through an archive, in the order in which it was written. It returns an
// error of kind ErrInvalid when it is not as it was written.
func read(ctx context.Context, r io.Reader, to keep) (out Summary, err error) {
	zip, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return out, automation.Invalid("this is no backup of squall").Because(err).WithCode("no_backup")
	}
	members := tar.NewReader(reader{ctx, zip})
	if out.About, err = readAbout(members); err != nil {
		return out, err
	}
	sums := map[string]string{}
	for first := true; ; {
		m, err := members.Next()
		switch {
		case expired(ctx) != nil:
			return out, expired(ctx)
		case errors.Is(err, io.EOF):
			return out, damaged("it ends without %s", sumsName)
		case err != nil:
			return out, damaged("it can not be read on").Because(err)
		case m.Name == sumsName:
			return out, finish(members, zip, sums)
		case m.Name == missingName && sums[m.Name] == "":
			if out.Missing, err = readMissing(members, sums); err != nil {
				return out, err
			}
			continue
		case first != (m.Name == databaseName) || !first && !isContent(m.Name) || m.Typeflag != tar.TypeReg || sums[m.Name] != "":
			return out, damaged("%q is not expected there", m.Name)
		}
		if err := member(members, m, to, sums); err != nil {
			return out, err
		}
		out.Bytes += m.Size
		if !first {
			out.Files++
		}
		first = false
	}
}

func readAbout(members *tar.Reader) (a About, err error) {
	m, err := members.Next()
	if err != nil || m.Name != aboutName || m.Size > maxSmall {
		return a, automation.Invalid("this is no backup of squall").Because(err).WithCode("no_backup")
	}
	if err := json.NewDecoder(members).Decode(&a); err != nil {
		return a, damaged("%s can not be read", aboutName).Because(err)
	}
	if a.Format != format {
		return a, automation.Conflict("the backup has the form %d, and this program knows %d", a.Format, format).WithCode("backup_too_new").
			WithHint("it was written by squall %s: restore it with one as new", a.Version)
	}
	return a, nil
}

// readMissing reads which contents are not there.
func readMissing(members *tar.Reader, sums map[string]string) ([]string, error) {
	text, err := io.ReadAll(io.LimitReader(members, maxSmall))
	if err != nil {
		return nil, damaged("%s can not be read", missingName).Because(err)
	}
	sum := sha256.Sum256(text)
	sums[missingName] = hex.EncodeToString(sum[:])
	return strings.Fields(string(text)), nil
}

// isContent tells whether a member is where the content of an artifact lies. Nothing
// else is ever written: an archive may come from anywhere.
func isContent(name string) bool {
	sum := path.Base(name)
	b, err := hex.DecodeString(sum)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == sum && name == contentName(sum)
}

// member passes one file on and notes its sum. That of a content is its name.
func member(members *tar.Reader, m *tar.Header, to keep, sums map[string]string) error {
	sum := sha256.New()
	from := &tried{r: members}
	body := io.TeeReader(from, sum)
	if to != nil {
		if err := to(m.Name, body); err != nil && from.err == nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return damaged("%s can not be read", m.Name).Because(err)
	}
	sums[m.Name] = hex.EncodeToString(sum.Sum(nil))
	if m.Name != databaseName && sums[m.Name] != path.Base(m.Name) {
		return damaged("the content of %s is another one", m.Name)
	}
	return nil
}

// tried remembers that it could not be read.
type tried struct {
	r   io.Reader
	err error
}

func (s *tried) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// finish compares the sums with those that stand at the end.
func finish(members *tar.Reader, zip io.Reader, sums map[string]string) error {
	text, err := io.ReadAll(io.LimitReader(members, maxSmall))
	if err != nil {
		return damaged("%s can not be read", sumsName).Because(err)
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		switch {
		case !ok:
			return damaged("%s has the line %.80q", sumsName, line)
		case name == aboutName:
		case sums[name] != sum:
			return damaged("%s is not what it was", name)
		default:
			seen++
		}
	}
	if seen != len(sums) {
		return damaged("%d files are not in %s", len(sums)-seen, sumsName)
	}
	if _, err := members.Next(); !errors.Is(err, io.EOF) {
		return damaged("it goes on behind %s", sumsName)
	}
	if _, err := io.Copy(io.Discard, zip); err != nil { // the sum of all stands at the end
		return damaged("its end can not be read").Because(err)
	}
	return nil
}
