package flame

import (
	"encoding/binary"
	"errors"
)

var errTruncated = errors.New("it ends in the middle of a record")

// Wire types of protobuf that a profile may hold.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// checkRecords walks over the records of a profile without keeping any, before a
// parser makes objects of them all.
func checkRecords(data []byte) error {
	for n := 0; len(data) > 0; n++ {
		if n > maxRecords {
			return tooLarge()
		}
		size, err := recordSize(data)
		if err != nil {
			return notAProfile(err)
		}
		data = data[size:]
	}
	return nil
}

// recordSize is the length of the field at the beginning of data.
func recordSize(data []byte) (int, error) {
	tag, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, errTruncated
	}
	size := uint64(0)
	switch tag & 7 {
	case wireVarint:
		_, m := binary.Uvarint(data[n:])
		if m <= 0 {
			return 0, errTruncated
		}
		size = uint64(m)
	case wire64:
		size = 8
	case wire32:
		size = 4
	case wireBytes:
		length, m := binary.Uvarint(data[n:])
		if m <= 0 {
			return 0, errTruncated
		}
		n, size = n+m, length
	default:
		return 0, errors.New("it has a record of an unknown kind")
	}
	if size > uint64(len(data)-n) {
		return 0, errTruncated
	}
	return n + int(size), nil
}
