;; A command that makes a host call before it reads its input, so that it can not be
;; frozen; prints the reply and the input.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\40\00\00\00\2c\00\00\00")
  (data (i32.const 64) "{\"call\":\"greet\",\"request\":{\"name\":\"early\"}}\n")
  (func $copy (param $from i32)
    (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 1000))
    (drop (call $read (local.get $from) (i32.const 0) (i32.const 1) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $copy (i32.const 3)) (call $copy (i32.const 0))))
