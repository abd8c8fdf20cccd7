//go:build !linux && !darwin

package daemon

import "errors"

func freeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
