//go:build !linux

package memory

import "errors"

func openTracker() (t tracker, why string) { return nil, "only Linux tells which pages were written" }

func newMappedArea(int64) (area, error) { return nil, errors.ErrUnsupported }

func newImageFile([]byte) (imageFile, error) { return nil, errors.ErrUnsupported }
