;; Raises signals without end; there are none.
;; expect run timeout
(module (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32))) (memory 1)
  (func (export "run") (result i32) (loop $l (drop (call $raise (i32.const 9))) (br $l)) (i32.const 0)))
