package trigger

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"github.com/squall-dev/squall/runtime/automation"
)

// verifyHMAC checks a scheme that the operator describes.
func (e Endpoint) verifyHMAC(d Delivery, now time.Time) error {
	var stamp string
	if e.TimestampHeader != "" {
		stamp = d.Header.Get(e.TimestampHeader)
		if err := e.fresh(stamp, now); err != nil {
			return err
		}
	}
	text, err := e.signedText(d, stamp)
	if err != nil {
		return err
	}
	given := e.signaturesIn(strings.Join(d.Header.Values(e.Header), ","))
	return e.anySignature(given, signature{header: e.Header, algorithm: e.algorithm(), encoding: e.Encoding, text: text}, e.Secrets)
}

// signaturesIn finds the signatures in a header that may hold several: "v1=a,v1=b".
// Commas and spaces stand between them, unless they belong to the prefix. What
// lacks the prefix is another version's.
func (e Endpoint) signaturesIn(header string) []string {
	between := func(r rune) bool {
		return (r == ',' || unicode.IsSpace(r)) && !strings.ContainsRune(e.Prefix, r)
	}
	var all []string
	for _, part := range strings.FieldsFunc(header, between) {
		if s, ok := strings.CutPrefix(part, e.Prefix); ok && s != "" {
			all = append(all, s)
		}
	}
	return all
}

// The placeholders of [Endpoint.Signed].
const (
	signedBody      = "body"
	signedTimestamp = "timestamp"
	signedHeader    = "header:" // and its name
)

// template is the text that is signed when the operator does not say.
func (e Endpoint) template() string {
	if e.TimestampHeader != "" {
		return cmp.Or(e.Signed, "{timestamp}.{body}")
	}
	return cmp.Or(e.Signed, "{body}")
}

// signedText fills in the template. What a delivery holds is never looked at for
// placeholders.
func (e Endpoint) signedText(d Delivery, stamp string) ([]byte, error) {
	var text []byte
	rest := e.template()
	for rest != "" {
		literal, name, after := cutPlaceholder(rest)
		text, rest = append(text, literal...), after
		switch {
		case name == signedBody:
			text = append(text, d.Body...)
		case name == signedTimestamp:
			text = append(text, stamp...)
		case name != "":
			header := strings.TrimPrefix(name, signedHeader)
			value := d.Header.Get(header)
			if value == "" {
				return nil, denied(CodeMissingSignature, "the delivery has no header %s, which is part of what is signed", header)
			}
			text = append(text, value...)
		}
	}
	return text, nil
}

// cutPlaceholder returns what stands before the first placeholder of a template,
// its name, and what stands behind it.
func cutPlaceholder(template string) (literal, name, rest string) {
	literal, rest, found := strings.Cut(template, "{")
	if !found {
		return literal, "", ""
	}
	name, rest, _ = strings.Cut(rest, "}")
	return literal, name, rest
}

// checkSigned tells what is wrong with a template. A time that is not signed would
// protect against nothing, and a text without the body would let any body in.
func (e Endpoint) checkSigned() error {
	if e.Signed == "" {
		return nil
	}
	seen := map[string]bool{}
	for rest := e.Signed; rest != ""; {
		literal, name, after := cutPlaceholder(rest)
		if strings.Contains(literal, "}") || rest != literal && (!strings.Contains(rest, "}") || !placeholder(name)) {
			return automation.Invalid("signed: %q is not a text with {body}, {timestamp} and {header:NAME}%s", e.Signed, didYouMean(name, []string{signedBody, signedTimestamp}))
		}
		seen[name], rest = true, after
	}
	switch {
	case !seen[signedBody]:
		return automation.Invalid("signed: %q lacks {body}: any body would pass", e.Signed)
	case seen[signedTimestamp] && e.TimestampHeader == "":
		return automation.Invalid("signed: {timestamp} needs a timestamp_header")
	case !seen[signedTimestamp] && e.TimestampHeader != "":
		return automation.Invalid("signed: %q lacks {timestamp}: what timestamp_header says would not be signed", e.Signed)
	}
	return nil
}

func placeholder(name string) bool {
	header, isHeader := strings.CutPrefix(name, signedHeader)
	return name == signedBody || name == signedTimestamp || isHeader && header != ""
}

func didYouMean(word string, known []string) string {
	if near := automation.Closest(word, known); near != "" && word != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
