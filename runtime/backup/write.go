package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// Source is what a backup is made of.
type Source struct {
	Database string // file
	// Temp is where the copy of the database lies meanwhile; it needs as much room.
	Temp string
	// Open opens the content of an artifact, of which only hash and size are given.
	Open    func(automation.Artifact) (io.ReadSeekCloser, error)
	Version string
	Now     func() time.Time
}

// tempPattern names the copies of databases, also those that a process that died left.
const tempPattern = "backup-*.db"

// Write writes a backup. Contents that are missing do not keep it from being written:
// the summary names them.
func Write(ctx context.Context, w io.Writer, s Source) (Summary, error) {
	out, err := write(ctx, w, s)
	if err != nil {
		return out, fmt.Errorf("write a backup: %w", err)
	}
	return out, nil
}

func write(ctx context.Context, w io.Writer, s Source) (out Summary, err error) {
	copied, err := s.copyDatabase(ctx)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, os.Remove(copied)) }()
	out.About = About{Format: format, Version: s.Version, CreatedAt: s.Now().UTC()}
	var contents []sqlite.Content
	if out.Database, contents, err = sqlite.Inspect(ctx, copied); err != nil {
		return out, err
	}
	a := newArchive(w, out.CreatedAt)
	if err := a.about(out.About); err != nil {
		return out, err
	}
	if err := a.file(ctx, databaseName, copied); err != nil {
		return out, err
	}
	for _, c := range contents {
		if err := a.content(ctx, s, c); errors.Is(err, errMissing) {
			out.Missing = append(out.Missing, c.SHA256)
			continue
		} else if err != nil {
			return out, err
		}
		out.Files++
	}
	out.Bytes = a.bytes
	if len(out.Missing) > 0 {
		text := strings.Join(out.Missing, "\n") + "\n"
		if err := a.put(ctx, missingName, int64(len(text)), strings.NewReader(text)); err != nil {
			return out, err
		}
	}
	return out, a.close()
}

// copyDatabase returns the path of a copy in Temp.
func (s Source) copyDatabase(ctx context.Context) (string, error) {
	f, err := os.CreateTemp(s.Temp, tempPattern)
	if err != nil {
		return "", fmt.Errorf("make room for a copy of the database: %w", err)
	}
	name := f.Name()
	// The copy wants a file that is not there.
	if err := errors.Join(f.Close(), os.Remove(name)); err != nil {
		return "", err
	}
	if err := sqlite.Snapshot(ctx, s.Database, name); err != nil {
		_ = os.Remove(name) // what there is of it
		return "", err
	}
	return name, nil
}

// Tidy removes copies that a process that died left in a directory.
func Tidy(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, tempPattern))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// errMissing is the content of an artifact that can not be had.
var errMissing = errors.New("missing")

// archive is a backup that is being written.
type archive struct {
	zip   *gzip.Writer
	tar   *tar.Writer
	at    time.Time
	sums  strings.Builder
	bytes int64
}

func newArchive(w io.Writer, at time.Time) *archive {
	zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is known
	return &archive{zip: zip, tar: tar.NewWriter(zip), at: at}
}

func (a *archive) about(v About) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return a.put(context.Background(), aboutName, int64(len(text)), strings.NewReader(string(text)))
}

func (a *archive) file(ctx context.Context, name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.put(ctx, name, info.Size(), f)
}

// content puts the content of an artifact in, if it is what its hash says. It is read
// twice, because what has begun to be written can not be taken back.
func (a *archive) content(ctx context.Context, s Source, c sqlite.Content) error {
	r, err := s.Open(automation.Artifact{ID: c.SHA256, SHA256: c.SHA256, Size: c.Size})
	if err != nil {
		return errors.Join(errMissing, err)
	}
	defer func() { _ = r.Close() }() // it was only read
	sum := sha256.New()
	if n, err := io.Copy(sum, reader{ctx, r}); err != nil || n != c.Size || hex.EncodeToString(sum.Sum(nil)) != c.SHA256 {
		return errors.Join(errMissing, err, expired(ctx))
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.put(ctx, contentName(c.SHA256), c.Size, r)
}

func contentName(sum string) string { return path.Join(contentDir, sum[:2], sum[2:4], sum) }

func (a *archive) put(ctx context.Context, name string, size int64, r io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: a.at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(a.tar, sum), reader{ctx, r}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(&a.sums, "%x  %s\n", sum.Sum(nil), name)
	if name != aboutName && name != missingName {
		a.bytes += size
	}
	return nil
}

func (a *archive) close() error {
	sums := a.sums.String()
	if err := a.tar.WriteHeader(&tar.Header{Name: sumsName, Mode: 0o600, Size: int64(len(sums)), ModTime: a.at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := io.WriteString(a.tar, sums)
	return errors.Join(err, a.tar.Close(), a.zip.Close())
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
