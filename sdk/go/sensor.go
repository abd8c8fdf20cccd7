package squall

import "time"

// Found is one thing that a sensor found: it becomes an event.
type Found struct {
	// Trigger is one of the sensor's trigger_types: "pack.name", or the name alone.
	Trigger string `json:"trigger"`
	// Payload is what rules see as trigger; it must fit the type's payload_schema.
	Payload any `json:"payload"`
	// Key names it: what was found under the same key within 30 days is left out.
	// Empty means that the cursor alone keeps it from coming twice.
	Key string `json:"key,omitempty"`
}

// Poll serves one poll of a sensor: it decodes the cursor, calls fn and answers with
// what fn found and the cursor for the next poll. The result is what the exported
// function must return.
//
// The first poll gets the zero value of Cursor; a pointer tells it apart from a
// cursor that is zero. The server stores events and cursor together, so that a
// restart neither loses nor repeats any. After an error it stores nothing and asks
// again later, with the same cursor.
func Poll[Cursor any](fn func(Cursor) ([]Found, Cursor, error)) int32 {
	return PollAgain(func(c Cursor) ([]Found, Cursor, time.Duration, error) {
		found, next, err := fn(c)
		return found, next, 0, err
	})
}

// PollAgain is [Poll] for a sensor that says, this once, after which time it wants to
// be asked again: from a second to a day. Zero means after its poll_interval.
func PollAgain[Cursor any](fn func(Cursor) ([]Found, Cursor, time.Duration, error)) int32 {
	return Run(func(asked polled[Cursor]) (*answer[Cursor], error) {
		found, next, after, err := fn(asked.Cursor)
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = []Found{}
		}
		return &answer[Cursor]{found, next, after.Seconds()}, nil
	})
}

type polled[Cursor any] struct {
	Cursor Cursor `json:"cursor"`
}

type answer[Cursor any] struct {
	Events    []Found `json:"events"`
	Cursor    Cursor  `json:"cursor"`
	PollAfter float64 `json:"poll_after,omitempty"`
}
