package api

import "regexp"

// mask stands where something was left out.
const mask = "********"

// redactor finds what looks like a secret.
type redactor struct{ member, field *regexp.Regexp }

func newRedactor() redactor { return redactor{secretMember(), secretField()} }

// redact leaves out of a kept body what looks like a secret by its name: values of
// JSON members and of form fields. The body may be cut off anywhere, so it is not
// parsed. The rest stays as it came, because a sender's operator looks for what is
// wrong with it.
func (r redactor) redact(body string) (_ string, redacted bool) {
	out := r.member.ReplaceAllString(body, `${1}"`+mask+`"`)
	out = r.field.ReplaceAllString(out, `${1}${2}=`+mask)
	return out, out != body
}

const secretWords = `token|secret|passw(?:or)?d|authorization|api[_-]?key|credential|private[_-]?key|signature`

// secretMember is a member of a JSON object whose value is text, or not yet closed.
func secretMember() *regexp.Regexp {
	return regexp.MustCompile(`(?i)("[^"\\]*(?:` + secretWords + `)[^"\\]*"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)`)
}

// secretField is a field of a form.
func secretField() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|&)([^&=\s"{}]*(?:` + secretWords + `)[^&=\s"{}]*)=[^&\s"]*`)
}
