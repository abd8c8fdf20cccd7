//go:build !linux

package memory

import "errors"

func openTracker() tracker { return nil }

func newMappedArea(int64) (area, error) { return nil, errors.ErrUnsupported }

func newImageFile([]byte) (imageFile, error) { return nil, errors.ErrUnsupported }
