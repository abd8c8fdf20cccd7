package packs

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// Manifest is what pack.yaml says.
type Manifest struct {
	Ref          string // the pack's name in references; empty means the name of its folder
	Name         string // for people
	Description  string
	Version      string
	Author       string
	Keywords     []string
	Capabilities automation.Capabilities
	Limits       automation.Limits
}

const manifestFile = "pack.yaml"

func readManifest(data []byte) (Manifest, error) {
	d, err := parse(manifestFile, data)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	known := d.manifestFields(&m)
	for _, e := range d.object(d.root, "a pack") {
		if field, ok := known[e.name]; ok {
			field(e.value)
		} else {
			d.freeKey(e)
		}
	}
	if m.Name == "" && len(d.errs) == 0 {
		d.problem(d.root, "a pack needs a name")
	}
	return m, d.err()
}

func (d *document) manifestFields(m *Manifest) fields {
	return fields{
		"ref":          func(v *yaml.Node) { m.Ref = d.packName(v) },
		"name":         func(v *yaml.Node) { m.Name = d.text(v) },
		"description":  func(v *yaml.Node) { m.Description = d.text(v) },
		"version":      func(v *yaml.Node) { m.Version = d.version(v) },
		"author":       func(v *yaml.Node) { m.Author = d.text(v) },
		"keywords":     func(v *yaml.Node) { m.Keywords = d.texts(v) },
		"capabilities": func(v *yaml.Node) { m.Capabilities = d.capabilities(v) },
		"limits":       func(v *yaml.Node) { m.Limits = d.limits(v) },
	}
}

// freeKey lets any other key of StackStorm's packs pass, but not one that looks
// like a slip in a key that gives or bounds rights.
func (d *document) freeKey(e entry) {
	for _, ours := range []string{"capabilities", "limits"} {
		if automation.Distance(e.name, ours) <= 2 {
			d.problem(e.key, "a pack has no key %q%s", e.name, didYouMean(e.name, []string{ours}))
		}
	}
}

func (d *document) packName(n *yaml.Node) string {
	name := d.text(n)
	if name != "" && !automation.ValidPackName(name) {
		d.hinted(n, "use lower-case letters, digits and underscores", "%q can not name a pack", name)
		return ""
	}
	return name
}

var (
	semver     = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	twoNumbers = regexp.MustCompile(`^\d+\.\d+$`)
)

// version reads X.Y.Z. A bare number such as 0.4 is taken as 0.4.0, which is what
// StackStorm makes of it.
func (d *document) version(n *yaml.Node) string {
	v := target(n)
	version := strings.TrimSpace(v.Value)
	if v.Kind == yaml.ScalarNode && twoNumbers.MatchString(version) {
		version += ".0"
	}
	if v.Kind != yaml.ScalarNode || version != "" && !semver.MatchString(version) {
		d.hinted(n, "write it as 1.2.3", "%s is not a version", kindName(v))
		return ""
	}
	return version
}

// nameOf finds out what a pack is called before, or without, reading all of it.
// Like StackStorm it takes ref, else the folder's name, else the name for people.
func nameOf(m Manifest, folder string) (string, error) {
	for _, name := range []string{m.Ref, folder, m.Name} {
		if automation.ValidPackName(name) {
			return name, nil
		}
	}
	return "", invalid("%s: neither the folder's name %q nor the name %q can name a pack", manifestFile, folder, m.Name).
		WithHint(`add "ref: my_pack": lower-case letters, digits and underscores`)
}
