package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// Config reads the pack's configuration into v, a pointer to a struct or map.
// Keys that the operator did not set leave v as it is.
func Config(v any) error { return ask("config", host.Config, none{}, v) }
