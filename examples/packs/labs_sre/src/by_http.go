package main

import (
	"errors"
	"fmt"

	squall "github.com/squall-dev/squall/sdk/go"
)

// byHTTP fetches the profile from the address in the pack's configuration. The
// log does not repeat the address, in which a secret may stand.
func (t target) byHTTP(address string) way {
	return way{via: "http", name: "http to pprof_url", try: func() (*squall.Artifact, error) {
		reply, err := squall.HTTPSend(squall.HTTPRequest{Method: "GET", URL: address, Artifact: t.keep()})
		if err != nil {
			return nil, err
		}
		if reply.Status != 200 {
			return nil, errors.New(saying(fmt.Sprintf("the server answered with status %d", reply.Status), reply.Body))
		}
		return kept(reply.Artifact)
	}}
}
