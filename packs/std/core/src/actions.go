package main

import (
	"errors"
	"fmt"
	"time"

	squall "github.com/squall-dev/squall/sdk/go"
)

type message struct {
	Message string `json:"message"`
}

type pause struct {
	Seconds float64 `json:"seconds"`
}

type none struct{}

func repeat(in message) (message, error) {
	squall.Infof("%s", in.Message)
	return in, nil
}

func nothing(none) (any, error) { return nil, nil }

func wait(in pause) (pause, error) {
	if in.Seconds < 0 {
		return pause{}, fmt.Errorf("seconds is %v: nobody can wait less than nothing", in.Seconds)
	}
	time.Sleep(time.Duration(in.Seconds * float64(time.Second)))
	return in, nil
}

func refuse(in message) (any, error) { return nil, errors.New(in.Message) }
