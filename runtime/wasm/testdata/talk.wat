;; Says ten bytes, ten times, before it reads its input and not again.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\0a\00\00\00")
  (data (i32.const 32) "0123456789")
  (func $say (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
  (func (export "_start") (local $n i32)
    (loop
      (call $say)
      (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10))))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))))
