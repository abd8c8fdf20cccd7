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
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// Config is everything an operator may set.
type Config struct {
	// Listen is the address of the HTTP server: "127.0.0.1:8085".
	Listen string `yaml:"listen"`
	// TLS makes it HTTPS. ClientSubject believes what a proxy in front tells of client
	// certificates.
	TLS           TLS           `yaml:"tls"`
	ClientSubject ClientSubject `yaml:"client_subject"`
	// TrustedProxies may tell in X-Forwarded-For for whom they speak: networks or
	// addresses. Everybody else's word is ignored.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// PublicURL is how people reach the server, for links; empty means Listen.
	PublicURL string `yaml:"public_url"`
	// Data is the directory of the database, the artifacts and the caches.
	Data string `yaml:"data"`
	// Fsync waits for the disk before an event is acknowledged. Without it, what was
	// acknowledged may be lost when the machine dies; never when the process does.
	Fsync bool `yaml:"fsync"`
	// Packs is the watched directory of packs; each subdirectory is one.
	Packs string `yaml:"packs"`
	// LogFormat is "text" or "json"; LogLevel "debug", "info", "warn" or "error".
	LogFormat string `yaml:"log_format"`
	LogLevel  string `yaml:"log_level"`
	// Workers is how many executions may run at the same time.
	Workers int `yaml:"workers"`
	// Engine bounds what waits.
	Engine Engine `yaml:"engine"`
	// MaxBody is the largest webhook body, in bytes.
	MaxBody int64 `yaml:"max_body"`
	// DrainTimeout is how long running executions may go on after SIGTERM before
	// they are interrupted and given back.
	DrainTimeout time.Duration `yaml:"drain_timeout"`
	Kubernetes   Kubernetes    `yaml:"kubernetes"`
	// HTTP is how requests of packs leave the machine.
	HTTP HTTP `yaml:"http"`
	// Webhooks says, by path, who may send. WebhooksDefault is for paths that are not
	// there: open (everybody may) or declared (nobody may).
	Webhooks        map[string]Webhook `yaml:"webhooks"`
	WebhooksDefault string             `yaml:"webhooks_default"`
	// Secrets says where the key of stored secrets lies, and which files are secrets.
	Secrets Secrets `yaml:"secrets"`
	// Budgets are how often what may be changed by host calls, over all packs; Breaker
	// pauses what keeps failing.
	Budgets []Budget `yaml:"budgets"`
	Breaker Breaker  `yaml:"breaker"`
	// Retention bounds the history; an empty list keeps everything.
	Retention []Retention `yaml:"retention"`
	// Audit bounds the audit chain.
	Audit Audit `yaml:"audit"`
	// Grants narrow what packs ask for, by pack name, in the language of pack.yaml. A
	// pack that is not there has what it asks for.
	Grants map[string]automation.Capabilities `yaml:"grants"`
	// PackConfig holds each pack's configuration, by pack name.
	PackConfig map[string]map[string]any `yaml:"pack_config"`
	// PackSecrets says where the secrets stand that a pack's webhooks name, by pack and
	// name. A pack gets at no others.
	PackSecrets map[string]map[string][]Secret `yaml:"pack_secrets"`
}

// Secrets are values that packs use and do not see. SQUALL_SECRET_KEY, keys in base64
// of which the first seals, wins over the key file.
type Secrets struct {
	KeyFile string `yaml:"key_file"` // DATA/secret.key when empty; made when it is not there
	Mounts  string `yaml:"mounts"`   // a directory with a secret in each file
}

// Engine bounds what the engine takes on.
type Engine struct {
	// MaxQueued is how many executions may wait before senders are told to come back
	// later: with 503 and Retry-After. Zero means that nothing but the disk bounds them.
	MaxQueued int `yaml:"max_queued"`
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	return Config{
		Listen:       "127.0.0.1:8085",
		Data:         "data",
		Fsync:        true,
		Packs:        "packs.d",
		LogFormat:    "text",
		LogLevel:     "info",
		Workers:      16 * runtime.GOMAXPROCS(0),
		Engine:       Engine{MaxQueued: 1_000_000},
		MaxBody:      4 << 20,
		DrainTimeout: 20 * time.Second,

		WebhooksDefault: WebhooksOpen,
		Retention:       defaultRetention(),
		Audit:           Audit{Age: Age(400 * 24 * time.Hour)},
	}
}

// Load reads a file over the defaults. An empty path gives the defaults.
func Load(path string) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return c, unreadable(path, err)
	}
	if err := decode(data, &c); err != nil {
		return c, automation.Invalid("configuration %s", path).Because(err).
			WithHint("keys: %s", strings.Join(keys(reflect.TypeFor[Config]()), ", "))
	}
	if err := c.Validate(); err != nil {
		return c, automation.Invalid("configuration %s", path).Because(err)
	}
	return c, nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return automation.NotFound("configuration file %s does not exist", path).
			WithHint("leave --config out to run with the defaults")
	}
	return automation.Invalid("configuration file %s can not be read", path).Because(err).
		WithHint("--config names a YAML file that the server's user may read")
}

// decode refuses what is not a key, and a second document, which nothing would read.
func decode(data []byte, c *Config) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(c)
	if errors.Is(err, io.EOF) {
		return nil // nothing but comments
	}
	if err != nil {
		return readable(err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		return fmt.Errorf("line %d: a second document; one file is one configuration", more.Line)
	}
	return nil
}

// readable says in the words of the file what the decoder says in those of Go.
func readable(err error) error {
	wrong := (*yaml.TypeError)(nil)
	if !errors.As(err, &wrong) {
		return err // bad syntax, with its line
	}
	words := strings.NewReplacer(
		"cannot unmarshal !!", "", "time.Duration", "a duration such as 20s", " into int64", " is not a whole number",
		" into int", " is not a whole number", " into string", " is not text", " into ", " is not ",
	)
	var errs []error
	for _, text := range wrong.Errors {
		errs = append(errs, errors.New(words.Replace(unknownKey(text))))
	}
	return errors.Join(errs...)
}

var notFound = regexp.MustCompile(`field (\S+) not found in type config\.(\w+)`)

// unknownKey names what may have been meant by a key that there is not.
func unknownKey(text string) string {
	m := notFound.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	where, known := "", keys(reflect.TypeFor[Config]())
	switch m[2] {
	case "Kubernetes":
		where, known = " of kubernetes", keys(reflect.TypeFor[Kubernetes]())
	case "KubernetesOwner":
		where, known = " of kubernetes.owners", keys(reflect.TypeFor[KubernetesOwner]())
	case "HTTP":
		where, known = " of http", keys(reflect.TypeFor[HTTP]())
	case "Retention":
		where, known = " of retention", keys(reflect.TypeFor[Retention]())
	case "Audit":
		where, known = " of audit", keys(reflect.TypeFor[Audit]())
	case "TLS":
		where, known = " of tls", keys(reflect.TypeFor[TLS]())
	case "ClientSubject":
		where, known = " of client_subject", keys(reflect.TypeFor[ClientSubject]())
	}
	return strings.Replace(text, m[0], "field "+m[1]+" is not a key"+where+near(m[1], known), 1)
}

// keys lists what may stand in the file, or in a part of it.
func keys(part reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(part) {
		names = append(names, f.Tag.Get("yaml"))
	}
	return names
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, automation.Invalid(format, args...)) }
	if _, port, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen: %q is not host:port, such as 127.0.0.1:8085", c.Listen)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		bad("listen: port %q is not a number from 0 to 65535", port)
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("public_url: %q is not an address such as https://squall.example.com", c.PublicURL)
	}
	if c.Data == "" {
		bad("data: a directory is needed")
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("log_format: %q is neither text nor json", c.LogFormat)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		bad("log_level: %q is none of debug, info, warn and error", c.LogLevel)
	}
	if c.Workers < 1 {
		bad("workers: %d is less than 1", c.Workers)
	}
	if c.Engine.MaxQueued < 0 {
		bad("engine.max_queued: %d is less than 0", c.Engine.MaxQueued)
	}
	if c.MaxBody < 1 {
		bad("max_body: %d is less than 1", c.MaxBody)
	}
	if c.WebhooksDefault != WebhooksOpen && c.WebhooksDefault != WebhooksDeclared {
		bad("webhooks_default: %q is neither open nor declared", c.WebhooksDefault)
	}
	c.validateTLS(bad)
	for _, err := range c.Kubernetes.check() {
		bad("%s", err)
	}
	c.validateRetention(bad)
	if _, err := c.HTTP.ProxyURL(); err != nil {
		bad("http: %s", err)
	}
	if !(c.HTTP.RequestsPerSecond >= 0) {
		bad("http: requests_per_second: %v is less than 0", c.HTTP.RequestsPerSecond)
	}
	for path, w := range c.Webhooks {
		if w.Mode != "" && w.Mode != "strict" && w.Mode != "observe" {
			bad("webhooks: %s: mode %q is neither strict nor observe", path, w.Mode)
		}
	}
	if c.DrainTimeout < 0 {
		bad("drain_timeout: %s is negative", c.DrainTimeout)
	}
	return errors.Join(errs...)
}
