;; Standard error and output of a reactor, with line ends, without, and only line ends.
;; expect lines output_limit "1 MiB of log"
;; expect open output_limit "1 MiB of log"
;; expect breaks output_limit "1 MiB of log"
;; expect stdout output_limit "1 MiB of log"
(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory 20) (data (i32.const 0) "\00\01\00\00\40\00\00\00") (data (i32.const 16) "\00\00\01\00\00\00\0f\00") (data (i32.const 319) "\n")
  (func (export "lines") (result i32) (loop $l (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "open") (result i32) (i32.store8 (i32.const 319) (i32.const 32))
    (loop $l (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "breaks") (result i32) (memory.fill (i32.const 65536) (i32.const 10) (i32.const 983040))
    (loop $l (drop (call $write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "stdout") (result i32) (loop $l (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0)))
