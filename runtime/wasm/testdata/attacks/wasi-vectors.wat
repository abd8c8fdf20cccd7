;; Lists of buffers: 2^32-1 of them, at the end of memory, overlapping, pointing at
;; themselves and at the result, of no length and without end.
;; expect count trap "fd_write was given memory that is not there"
;; expect edge trap "fd_write was given memory that is not there"
;; expect buffer trap "fd_write was given memory that is not there"
;; expect result trap "fd_read was given memory that is not there"
;; expect self input={"a":"01234567890123456789012345678901234567890123456789"} ok null
;; expect zeros ok null
;; expect again timeout
;; expect same output_limit
(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory 800) (data (i32.const 0) "\00\00\00\00\ff\ff\ff\ff") (data (i32.const 16) "\10\00\00\00\40\00\00\00\10\00\00\00\40\00\00\00\14\00\00\00\04\00\00\00")
  (func (export "count") (result i32) (call $write (i32.const 2) (i32.const 52000000) (i32.const -1) (i32.const 8)))
  (func (export "edge") (result i32) (call $write (i32.const 2) (i32.const 52428792) (i32.const 2) (i32.const 8)))
  (func (export "buffer") (result i32) (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "result") (result i32) (call $read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const -2)))
  (func (export "self") (result i32) (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 16)))
  (func (export "zeros") (result i32) (call $write (i32.const 2) (i32.const 1024) (i32.const 60000) (i32.const 8)))
  (func (export "again") (result i32) (loop $l (drop (call $write (i32.const 2) (i32.const 1024) (i32.const 6000000) (i32.const 8))) (br $l)) (i32.const 0))
  (func (export "same") (result i32) (i32.store (i32.const 4) (i32.const 50000000))
    (loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)) (i32.const 0)))
