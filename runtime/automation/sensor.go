package automation

import (
	"encoding/json"
	"time"
)

// Sensor is code of a pack that is asked again and again what it has found. What it
// finds becomes events.
type Sensor struct {
	Pack        string   `json:"pack"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Enabled     bool     `json:"enabled"`
	Interval    Duration `json:"interval"`
	// NeedsConfig are keys of its pack's configuration without which it has nothing to
	// look at; Unset are those of them that have no value. As long as there are any, it
	// is not asked.
	NeedsConfig []string `json:"needs_config,omitempty"`
	Unset       []string `json:"unset_config,omitempty"`
	// Triggers are the types that it raises.
	Triggers   []Ref    `json:"triggers"`
	EntryPoint string   `json:"entry_point"`
	Export     string   `json:"export"`
	Limits     Limits   `json:"limits,omitzero"`
	Position   Position `json:"position,omitzero"`
}

// Ref names the sensor.
func (s *Sensor) Ref() Ref { return NewRef(s.Pack, s.Name) }

// SensorDetail is a sensor with all that is known of its work.
type SensorDetail struct {
	Sensor Sensor       `json:"sensor"`
	Status SourceStatus `json:"status"`
	// Cursor is how far the sensor says it has come.
	Cursor json.RawMessage `json:"cursor"`
	// Log are its latest lines since the server started.
	Log []SensorLine `json:"log"`
}

// SensorLine is one line that a sensor wrote.
type SensorLine struct {
	At    time.Time `json:"at"`
	Level LogLevel  `json:"level"`
	Text  string    `json:"text"`
}
