;; File descriptor 3: no line end, lines that are no requests, replies that nobody
;; reads, a read before there is anything.
;; expect open trap "file descriptor 3 without a line end"
;; expect lines trap "does not read the replies"
;; expect calls host_call_limit
;; expect read out_of_fuel
(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory 20) (data (i32.const 0) "\00\01\00\00\00\00\0f\00") (data (i32.const 16) "\40\00\00\00\16\00\00\00") (data (i32.const 64) "{\"call\":\"x\",\"a\":[[1]]}\n")
  (func (export "open") (result i32) (loop $l (drop (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "lines") (result i32) (memory.fill (i32.const 256) (i32.const 10) (i32.const 983040))
    (loop $l (drop (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "calls") (result i32) (i32.store8 (i32.const 20) (i32.const 0x17))
    (loop $l (drop (call $write (i32.const 3) (i32.const 16) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "read") (result i32) (loop $l (drop (call $read (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0)))
