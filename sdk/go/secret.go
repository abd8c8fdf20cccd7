package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

type secretRequest struct {
	Name   string `json:"name"`
	Reveal bool   `json:"reveal,omitempty"`
}

// Secret returns the handle of a secret: it stands for the value in URL, headers,
// BasicAuth and Body of [HTTPSend], where the server puts the value in.
//
// The pack needs a secrets capability that names it.
func Secret(name string) (handle string, err error) {
	var reply struct {
		Handle string `json:"handle"`
	}
	err = ask("secret", host.Secret, secretRequest{Name: name}, &reply)
	return reply.Handle, err
}

// RevealSecret returns the value of a secret. The pack's capability must say
// reveal: true.
func RevealSecret(name string) (value string, err error) {
	var reply struct {
		Value string `json:"value"`
	}
	err = ask("secret", host.Secret, secretRequest{Name: name, Reveal: true}, &reply)
	return reply.Value, err
}
