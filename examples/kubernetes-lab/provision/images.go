package provision

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/examples/kubernetes-lab/image"
)

// The images of the lab. None of them is in any registry.
const (
	PauseImage  = "localhost/pause:lab"
	LeakyImage  = "localhost/leaky:lab"      // with a shell
	BareImage   = "localhost/leaky-bare:lab" // with nothing but the program
	ToolsImage  = "localhost/tools:lab"      // for ephemeral containers
	SquallImage = "localhost/squall:lab"
)

// tools are the names under which the images with a shell know busybox.
func tools() []string {
	return []string{"sh", "cat", "dd", "df", "echo", "env", "free", "grep", "head", "id", "kill", "ls", "nc", "ps", "sleep", "tail", "top", "true", "wget"}
}

// images builds the programs of this repository that run in the cluster, and packs
// them up.
func (s Source) images(ctx context.Context, a Assets) ([]string, error) {
	dir := filepath.Join(s.Cache, "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the images: %w", err)
	}
	if err := s.programs(ctx, dir); err != nil {
		return nil, err
	}
	squall, err := s.squall()
	if err != nil {
		return nil, err
	}
	pause, leaky := filepath.Join(dir, "pause"), filepath.Join(dir, "leaky")
	var archives []string
	for _, i := range []image.Image{
		{Name: PauseImage, Entrypoint: []string{"/pause"}, Files: map[string]string{"/pause": pause}},
		withTools(image.Image{Name: LeakyImage, Entrypoint: []string{"/leaky"}, Files: map[string]string{"/leaky": leaky}}, a.Debian),
		{Name: BareImage, Entrypoint: []string{"/leaky"}, User: "65532:65532", Files: map[string]string{"/leaky": leaky}},
		withTools(image.Image{Name: ToolsImage, Entrypoint: []string{"/bin/sh"}, Files: map[string]string{}}, a.Debian),
		squall,
	} {
		archive := filepath.Join(dir, strings.NewReplacer("/", "-", ":", "-").Replace(i.Name)+".tar")
		if err := i.Write(archive); err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

func (s Source) programs(ctx context.Context, to string) error {
	cmd := s.goCommand(ctx, "build", "-trimpath", "-ldflags", "-s -w", "-o", to+"/", "./pause", "./leaky")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the lab's programs: %w\n%s", err, out)
	}
	return nil
}

func withTools(i image.Image, debian string) image.Image {
	i.Files["/bin/busybox"] = filepath.Join(debian, "bin", "busybox")
	i.Links = map[string]string{}
	for _, name := range tools() {
		i.Links["/bin/"+name] = "busybox"
	}
	return i
}

// squall is the image of the server with the pack of the story: what its rules are
// comes from a ConfigMap.
func (s Source) squall() (image.Image, error) {
	i := image.Image{
		Name: SquallImage, Entrypoint: []string{"/squall"}, User: "65532:65532",
		Files:   map[string]string{"/squall": filepath.Join(s.Repository, "bin", "squall")},
		Folders: []string{"/packs/labs_sre/rules", "/etc/squall", "/var/lib/squall", "/tmp"},
	}
	pack := filepath.Join(s.Repository, "examples", "packs", "labs_sre")
	for _, needed := range []string{i.Files["/squall"], filepath.Join(pack, "pack.wasm")} {
		if _, err := os.Stat(needed); err != nil {
			return i, fmt.Errorf("make the image of squall: %w (run make build first)", err)
		}
	}
	err := filepath.WalkDir(pack, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(pack, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "src" || name == "rules"):
			return fs.SkipDir
		case !entry.IsDir():
			i.Files["/packs/labs_sre/"+filepath.ToSlash(name)] = path
		}
		return nil
	})
	if err != nil {
		return i, fmt.Errorf("make the image of squall: %w", err)
	}
	return i, nil
}
