package daemon

import "strings"

// secretsOpen looks for secrets that can not be used, and for those that are too short
// to be taken out of what is said.
func (d *doctor) secretsOpen() finding {
	var shut, short []string
	all := d.secrets()
	for _, s := range all {
		switch {
		case s.Error != "":
			shut = append(shut, s.Name)
		case s.Short:
			short = append(short, s.Name)
		}
	}
	switch {
	case len(shut) > 0:
		return failed("can not be opened: "+strings.Join(shut, ", "), "bring back the key that they were sealed with, or set them anew")
	case len(short) > 0:
		return warning("too short to be taken out of logs and outputs: "+strings.Join(short, ", "), "use values of at least 6 bytes")
	}
	return ok(count(len(all), "secret", "secrets"))
}
