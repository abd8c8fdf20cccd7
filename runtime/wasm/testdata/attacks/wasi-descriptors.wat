;; Descriptors that are not open, closed ones, and their state where there is no memory.
;; expect write exit_code "exit code 8"
;; expect read exit_code "exit code 8"
;; expect closed ok null
;; expect stat trap "fd_fdstat_get was given memory that is not there"
;; expect filestat trap "fd_filestat_get was given memory that is not there"
;; expect yields timeout
(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32))) (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $filestat (param i32 i32) (result i32))) (memory 1)
  (func (export "write") (result i32) (call $write (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "read") (result i32) (call $read (i32.const 1) (i32.const -8) (i32.const -1) (i32.const -1)))
  (func (export "closed") (result i32) (drop (call $close (i32.const 0))) (drop (call $close (i32.const 2)))
    (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "stat") (result i32) (call $stat (i32.const 1) (i32.const 65513)))
  (func (export "filestat") (result i32) (call $filestat (i32.const 1) (i32.const -1)))
  (func (export "yields") (result i32) (loop $l (drop (call $yield)) (br $l)) (i32.const 0)))
