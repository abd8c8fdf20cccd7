;; A command that reads its input, writes half an answer, grows, and crashes; every
;; run the same.
;; expect run input={"n":1} trap "unreachable"
;; expect run input={"n":2} trap "unreachable"
(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory 1) (data (i32.const 0) "\00\01\00\00\00\01\00\00")
  (global $runs (mut i32) (i32.const 0))
  (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (memory.grow (i32.const 10)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (if (i32.eq (global.get $runs) (i32.const 1)) (then (unreachable)))))
