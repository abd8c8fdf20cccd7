package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// settings say which server to speak to, and as whom.
type settings struct {
	url   string
	token string
}

// settings resolves flags, then the environment, then what login stored, then
// what a server on this machine left in its data directory.
func (c *cli) settings() (settings, error) {
	known, err := c.readLogins()
	if err != nil {
		return settings{}, err
	}
	set := settings{url: strings.TrimSuffix(firstOf(c.flags.server, c.env("SQUALL_URL"), known.Current, client.DefaultURL), "/")}
	set.token, err = c.token(set.url, known)
	return set, err
}

func (c *cli) token(server string, known logins) (string, error) {
	if c.flags.tokenFile != "" {
		return c.readToken(c.flags.tokenFile)
	}
	if token := firstOf(c.env("SQUALL_TOKEN"), known.token(server)); token != "" {
		return token, nil
	}
	return c.neighbour(server), nil
}

// readToken reads a token from a file, or from stdin for "-".
func (c *cli) readToken(name string) (string, error) {
	text, err := c.readInput(name)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", usage("%s does not hold a token", name)
	}
	return token, nil
}

// neighbour finds the token that a server on this machine wrote into its data
// directory. It is given to nobody but this machine.
func (c *cli) neighbour(server string) string {
	if !isLoopback(server) {
		return ""
	}
	data := firstOf(c.env("SQUALL_DATA"), config.Default().Data)
	text, err := os.ReadFile(filepath.Join(data, "admin.token"))
	if err != nil {
		return "" // no server here, or somebody else's
	}
	return strings.TrimSpace(string(text))
}

func isLoopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// readInput reads a file that the command line names; "-" is stdin.
func (c *cli) readInput(name string) ([]byte, error) {
	if name == "-" {
		return readAll(c.in)
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, automation.NotFound("file %s does not exist", name)
	}
	if err != nil {
		return nil, usage("file %s can not be read", name).Because(err)
	}
	defer func() { _ = file.Close() }() // only read
	text, err := readAll(file)
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable { // a folder, for one
		return nil, usage("file %s can not be read", name).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return text, nil
}
