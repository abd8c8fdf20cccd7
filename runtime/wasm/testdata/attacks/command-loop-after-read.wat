;; A command that reads its input, then a lot more, and then loops.
;; expect run input={"n":1} timeout
(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32))) (memory 1) (data (i32.const 0) "\00\01\00\00\00\01\00\00")
  (func (export "_start") (local $n i32)
    (loop $l (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
    (loop $l (br $l))))
