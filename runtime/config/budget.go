package config

import "time"

// Budget is how many changes of a kind may be made in a time, by all packs together.
// Lists hold names or shell patterns; an empty one means all.
type Budget struct {
	Name       string        `yaml:"name"`
	Verbs      []string      `yaml:"verbs"`
	Packs      []string      `yaml:"packs"`
	Clusters   []string      `yaml:"clusters"`
	Namespaces []string      `yaml:"namespaces"`
	Hosts      []string      `yaml:"hosts"`
	Targets    []string      `yaml:"targets"`
	By         string        `yaml:"by"`
	Limit      int           `yaml:"limit"`
	Per        time.Duration `yaml:"per"`
}

// Breaker pauses changes of one kind to one cluster or host that keep failing.
type Breaker struct {
	Failures int           `yaml:"failures"`
	Within   time.Duration `yaml:"within"`
	Pause    time.Duration `yaml:"pause"`
}
