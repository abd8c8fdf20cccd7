package main

import "encoding/json"

// The action native in Go, as the Go guests have it.

type request struct {
	Name string   `json:"name"`
	N    int      `json:"n"`
	Tags []string `json:"tags"`
}

type answer struct {
	Greeting string `json:"greeting"`
	Sum      int    `json:"sum"`
	Tags     int    `json:"tags"`
}

func act(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	sum := 0
	for k := 1; k <= r.N; k++ {
		sum += k
	}
	return json.Marshal(answer{"Hello, " + r.Name, sum, len(r.Tags)})
}
