package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// logins is the file that login writes. A token belongs to one server, so that
// another server's address never gets it.
type logins struct {
	Current string  `json:"current,omitempty"`
	Servers []login `json:"servers,omitempty"`
}

type login struct {
	URL   string `json:"url"`
	User  string `json:"user,omitempty"`
	Token string `json:"token"`
}

func (l logins) token(server string) string {
	for _, s := range l.Servers {
		if s.URL == server {
			return s.Token
		}
	}
	return ""
}

// with returns l with one more login, which becomes the current one.
func (l logins) with(added login) logins {
	next := logins{Current: added.URL, Servers: []login{added}}
	for _, s := range l.Servers {
		if s.URL != added.URL {
			next.Servers = append(next.Servers, s)
		}
	}
	return next
}

// loginsPath is empty when there is no home to keep a file in.
func (c *cli) loginsPath() string {
	if dir := c.env("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "squall", "config.yaml")
	}
	if home := c.env("HOME"); home != "" {
		return filepath.Join(home, ".config", "squall", "config.yaml")
	}
	return ""
}

func (c *cli) readLogins() (logins, error) {
	var l logins
	path := c.loginsPath()
	text, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("read logins: %w", err)
	}
	document, err := config.UnmarshalYAML(text)
	if err == nil {
		text, err = json.Marshal(document)
	}
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return l, automation.Invalid("%s is not what squall login writes", path).Because(err).
			WithHint("correct it, or remove it and log in again")
	}
	return l, nil
}

// writeLogins replaces the file as a whole; nobody else may read it.
func (c *cli) writeLogins(l logins) (path string, err error) {
	path = c.loginsPath()
	if path == "" {
		return "", usage("there is no place to keep the token").WithHint("set XDG_CONFIG_HOME or HOME; or use SQUALL_TOKEN instead of a login")
	}
	text, err := config.MarshalYAML(l)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make folder for logins: %w", err)
	}
	return path, replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// replaceFile writes a file, readable by its owner only, that is either whole or
// what it was before.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // what is half written is of no use
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
