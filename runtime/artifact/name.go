package artifact

import (
	"mime"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is what file systems allow, in bytes.
const maxName = 255

// cleanName makes a guest's name for a file one that can be shown, downloaded and
// saved: no separators, no characters that act on a terminal or turn the text
// around, not too long, not empty.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimSpace(shorten(name))
	if strings.Trim(name, ".") == "" { // "", "." and ".."
		return "artifact"
	}
	return name
}

// shorten keeps the extension, which tells people what the file is.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := filepath.Ext(name)
	if len(ext) > 32 {
		ext = ""
	}
	return cut(name, maxName-len(ext)) + ext
}

// cut keeps at most n bytes and no half of a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cleanMediaType keeps a well-formed type and calls everything else bytes.
func cleanMediaType(mediaType string) string {
	kind, parameters, err := mime.ParseMediaType(mediaType)
	if err != nil || !strings.Contains(kind, "/") || len(kind) > maxName {
		return "application/octet-stream"
	}
	if clean := mime.FormatMediaType(kind, parameters); clean != "" && len(clean) <= maxName {
		return clean
	}
	return kind
}
