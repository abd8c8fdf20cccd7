// Package config reads the server's configuration: one YAML file, one struct,
// defaults for everything. With no file at all the server runs.
//
// Environment variables carry secrets only; flags override what differs from
// start to start. What is not a key of [Config] is refused with its line.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// Config is everything an operator may set.
type Config struct {
	// Listen is the address of the HTTP server: "127.0.0.1:8085".
	Listen string `yaml:"listen"`
	// PublicURL is how people reach the server, for links; empty means Listen.
	PublicURL string `yaml:"public_url"`
	// Data is the directory of the database, the artifacts and the caches.
	Data string `yaml:"data"`
	// Packs is the watched directory of packs; each subdirectory is one.
	Packs string `yaml:"packs"`
	// LogFormat is "text" or "json"; LogLevel "debug", "info", "warn" or "error".
	LogFormat string `yaml:"log_format"`
	LogLevel  string `yaml:"log_level"`
	// Workers is how many executions may run at the same time.
	Workers int `yaml:"workers"`
	// MaxBody is the largest webhook body, in bytes.
	MaxBody int64 `yaml:"max_body"`
	// DrainTimeout is how long running executions may go on after SIGTERM before
	// they are interrupted and given back.
	DrainTimeout time.Duration `yaml:"drain_timeout"`
	Kubernetes   Kubernetes    `yaml:"kubernetes"`
	// PackConfig holds each pack's configuration, by pack name.
	PackConfig map[string]map[string]any `yaml:"pack_config"`
}

// Kubernetes says how to reach the cluster. With neither key, $KUBECONFIG,
// ~/.kube/config and the Pod's own service account are tried, in this order.
type Kubernetes struct {
	Kubeconfig string `yaml:"kubeconfig"`
	Context    string `yaml:"context"`
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	return Config{
		Listen:       "127.0.0.1:8085",
		Data:         "data",
		Packs:        "packs.d",
		LogFormat:    "text",
		LogLevel:     "info",
		Workers:      16 * runtime.GOMAXPROCS(0),
		MaxBody:      4 << 20,
		DrainTimeout: 20 * time.Second,
	}
}

// Load reads a file over the defaults. An empty path gives the defaults.
func Load(path string) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return c, automation.NotFound("configuration file %s does not exist", path).
			WithHint("leave --config out to run with the defaults")
	}
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, automation.Invalid("configuration %s", path).Because(err)
	}
	return c, c.Validate()
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, automation.Invalid(format, args...)) }
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen: %q is not host:port", c.Listen)
	}
	if c.Data == "" {
		bad("data: a directory is needed")
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("log_format: %q is neither text nor json", c.LogFormat)
	}
	if c.Workers < 1 {
		bad("workers: %d is less than 1", c.Workers)
	}
	if c.MaxBody < 1 {
		bad("max_body: %d is less than 1", c.MaxBody)
	}
	if c.DrainTimeout < 0 {
		bad("drain_timeout: %s is negative", c.DrainTimeout)
	}
	return errors.Join(errs...)
}
