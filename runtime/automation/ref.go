package automation

import (
	"fmt"
	"regexp"
	"strings"
)

// Ref names a thing of a pack: "labs_sre.exec_pod". The pack is the part before
// the first dot; the name may hold dots itself ("core.st2.webhook").
type Ref string

var packName = regexp.MustCompile(`^[a-z0-9_]+$`)

// NewRef joins a pack and a name.
func NewRef(pack, name string) Ref { return Ref(pack + "." + name) }

// ParseRef checks that s is "pack.name".
func ParseRef(s string) (Ref, error) {
	pack, name, ok := strings.Cut(s, ".")
	if !ok || name == "" || !ValidPackName(pack) {
		return "", Invalid("reference %q is not of the form pack.name", s)
	}
	return Ref(s), nil
}

// Pack returns the part before the first dot.
func (r Ref) Pack() string {
	pack, _, _ := strings.Cut(string(r), ".")
	return pack
}

// Name returns the part after the first dot.
func (r Ref) Name() string {
	_, name, _ := strings.Cut(string(r), ".")
	return name
}

func (r Ref) String() string { return string(r) }

// ValidPackName reports whether s may name a pack: lower-case letters, digits
// and underscores.
func ValidPackName(s string) bool { return packName.MatchString(s) }

var _ fmt.Stringer = Ref("")
