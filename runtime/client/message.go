package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// message is one message of a server-sent event stream.
type message struct {
	id, event, data string
	retry           time.Duration
}

// maxMessage bounds one message: changes are small.
const maxMessage = 4 << 20

var errMessageTooLong = errors.New("message of the live stream is too long")

// messages reads text/event-stream.
type messages struct {
	lines  *bufio.Reader
	lastID string // stays until another id comes, as the format wants it
}

func newMessages(r io.Reader) *messages { return &messages{lines: bufio.NewReader(r)} }

// next blocks until a message is complete. A message that the end cuts off is
// dropped.
func (m *messages) next() (message, error) {
	var current message
	var data []string
	size, seen := 0, false
	for {
		line, err := m.line(maxMessage - size)
		if err != nil {
			return message{}, err
		}
		size += len(line)
		if line == "" {
			if !seen {
				continue
			}
			current.id, current.data = m.lastID, strings.Join(data, "\n")
			return current, nil
		}
		seen = m.field(line, &current, &data) || seen
	}
}

// field takes in one line and reports whether it belongs to a message.
func (m *messages) field(line string, current *message, data *[]string) bool {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "id":
		if !strings.Contains(value, "\x00") {
			m.lastID = value
		}
	case "event":
		current.event = value
	case "data":
		*data = append(*data, value)
	case "retry":
		if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
			current.retry = time.Duration(ms) * time.Millisecond
		}
	default: // a comment, or a field of the future
		return false
	}
	return true
}

// line reads one line without its end.
func (m *messages) line(limit int) (string, error) {
	var whole []byte
	for {
		part, err := m.lines.ReadSlice('\n')
		if len(whole)+len(part) > limit {
			return "", errMessageTooLong
		}
		whole = append(whole, part...)
		if err == nil {
			return string(bytes.TrimRight(whole, "\r\n")), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}
