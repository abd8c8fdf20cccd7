package wasm

import "encoding/binary"

// The file descriptors that are open, all from the start.
const (
	fdInput   = 0
	fdOutput  = 1
	fdError   = 2
	fdChannel = 3 // host calls
)

// Rights in the sense of WASI, as far as streams have any.
const (
	rightRead  = 1 << 1
	rightWrite = 1 << 6
	rightPoll  = 1 << 27
)

func wasiStreams() []importFunc {
	return []importFunc{
		{"fd_read", "iiii", "i", wasiRead},
		{"fd_write", "iiii", "i", wasiWrite},
		{"fd_close", "i", "i", ifOpen(errnoSuccess)},
		{"fd_sync", "i", "i", ifOpen(errnoSuccess)},
		{"fd_datasync", "i", "i", ifOpen(errnoSuccess)},
		{"fd_seek", "iIii", "i", ifOpen(errnoNoSeek)},
		{"fd_tell", "ii", "i", ifOpen(errnoNoSeek)},
		{"fd_fdstat_get", "ii", "i", wasiStat},
		{"fd_fdstat_set_flags", "ii", "i", ifOpen(errnoSuccess)}, // streams never block for long
		{"fd_fdstat_set_rights", "iII", "i", ifOpen(errnoSuccess)},
		{"fd_filestat_get", "ii", "i", wasiFileStat},
		// Nothing is preopened; guests ask from 3 on until they hear so.
		{"fd_prestat_get", "ii", "i", refuseWith(errnoBadFile)},
		{"fd_prestat_dir_name", "iii", "i", refuseWith(errnoBadFile)},
	}
}

// ifOpen makes a function that answers errno for open descriptors.
func ifOpen(errno uint64) func(*run, []uint64) {
	return func(_ *run, a []uint64) {
		if uint32(a[0]) > fdChannel {
			a[0] = errnoBadFile
			return
		}
		a[0] = errno
	}
}

// vectors calls use for each buffer of a scatter or gather list, until it says
// that it is done.
func (r *run) vectors(ptr, count uint32, use func([]byte) (n int, more bool)) (total uint32) {
	for n := uint32(0); n < count; n++ {
		v := r.bytes(ptr+8*n, 8)
		done, more := use(r.bytes(binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:])))
		total += uint32(done)
		if !more {
			break
		}
		if n%1024 == 1023 { // the list is as long as the guest likes
			r.checkpoint()
		}
	}
	return total
}

func wasiWrite(r *run, a []uint64) {
	var write func([]byte)
	switch fd := uint32(a[0]); {
	case fd == fdOutput && r.command():
		write = r.writeOutput
	case fd == fdOutput, fd == fdError:
		write = func(b []byte) { r.writeLines(int(fd-fdOutput), b) }
	case fd == fdChannel:
		write = r.writeChannel
	default:
		a[0] = errnoBadFile
		return
	}
	n := r.vectors(uint32(a[1]), uint32(a[2]), func(b []byte) (int, bool) {
		write(b)
		return len(b), true
	})
	binary.LittleEndian.PutUint32(r.bytes(uint32(a[3]), 4), n)
	a[0] = errnoSuccess
}

func wasiRead(r *run, a []uint64) {
	var read func([]byte) int
	switch uint32(a[0]) {
	case fdInput:
		read = func(b []byte) int {
			n := copy(b, r.input[r.inputRead:])
			r.inputRead += n
			return n
		}
	case fdChannel:
		read = func(b []byte) int {
			n := copy(b, r.channel.replies)
			r.channel.replies = r.channel.replies[n:]
			return n
		}
	default:
		a[0] = errnoBadFile
		return
	}
	n := r.vectors(uint32(a[1]), uint32(a[2]), func(b []byte) (int, bool) {
		n := read(b)
		return n, n == len(b)
	})
	binary.LittleEndian.PutUint32(r.bytes(uint32(a[3]), 4), n)
	a[0] = errnoSuccess
}

// rights of an open descriptor.
func rights(fd uint32) uint64 {
	switch fd {
	case fdInput:
		return rightRead | rightPoll
	case fdChannel:
		return rightRead | rightWrite | rightPoll
	}
	return rightWrite | rightPoll
}

// wasiStat describes a stream. Its type stays zero, unknown: neither a terminal
// nor a file, so that guests buffer and do not seek.
func wasiStat(r *run, a []uint64) {
	fd := uint32(a[0])
	if fd > fdChannel {
		a[0] = errnoBadFile
		return
	}
	b := r.bytes(uint32(a[1]), 24)
	clear(b)
	binary.LittleEndian.PutUint64(b[8:], rights(fd))
	a[0] = errnoSuccess
}

func wasiFileStat(r *run, a []uint64) {
	if uint32(a[0]) > fdChannel {
		a[0] = errnoBadFile
		return
	}
	clear(r.bytes(uint32(a[1]), 64))
	a[0] = errnoSuccess
}

// wasiNoFiles are the functions for what guests do not have: files, directories
// and sockets.
func wasiNoFiles() []importFunc {
	var funcs []importFunc
	for name, params := range map[string]string{
		"fd_advise": "iIIi", "fd_allocate": "iII", "fd_filestat_set_size": "iI", "fd_filestat_set_times": "iIIi",
		"fd_pread": "iiiIi", "fd_pwrite": "iiiIi", "fd_readdir": "iiiIi", "fd_renumber": "ii",
		"path_create_directory": "iii", "path_filestat_get": "iiiii", "path_filestat_set_times": "iiiiIIi",
		"path_link": "iiiiiii", "path_open": "iiiiiIIii", "path_readlink": "iiiiii", "path_remove_directory": "iii",
		"path_rename": "iiiiii", "path_symlink": "iiiii", "path_unlink_file": "iii",
		"sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
	} {
		funcs = append(funcs, importFunc{name, params, "i", refuseWith(errnoForbidden)})
	}
	return funcs
}
