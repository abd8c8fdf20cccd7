;; A command: standard input to standard output, its argument to standard error.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "W careful\nE bad ")
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 8) (i32.const 200)))
    (i32.store (i32.const 16) (i32.const 100)) (i32.store (i32.const 20) (i32.const 16))
    (i32.store (i32.const 24) (i32.const 200))
    (i32.store (i32.const 28) (i32.sub (i32.load (i32.const 4)) (i32.const 1)))
    (drop (call $write (i32.const 2) (i32.const 16) (i32.const 2) (i32.const 0)))
    (loop $l
      (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const 7))
      (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 20)))
      (if (i32.load (i32.const 20)) (then
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))
        (br $l))))))
