// Package action is what all guests of the benchmark do: JSON in, a sum, JSON out.
package action

import "encoding/json"

// Nothing is what the action logs when it has nothing to sum.
const Nothing = "nothing to sum"

// Request is the input.
type Request struct {
	Name string   `json:"name"`
	N    int      `json:"n"`
	Tags []string `json:"tags"`
}

// Answer is the output.
type Answer struct {
	Greeting string `json:"greeting"`
	Sum      int    `json:"sum"`
	Tags     int    `json:"tags"`
}

// Do performs the action.
func Do(r Request) Answer {
	sum := 0
	for k := 1; k <= r.N; k++ {
		sum += k
	}
	return Answer{"Hello, " + r.Name, sum, len(r.Tags)}
}

// JSON performs the action on JSON; log takes what it has to say.
func JSON(input []byte, log func(string)) ([]byte, error) {
	var r Request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.N == 0 {
		log(Nothing)
	}
	return json.Marshal(Do(r))
}
