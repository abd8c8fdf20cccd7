;; An import is the start function, and the only element of a table.
;; expect run input={"a":1} exit_code "exit code 7"
(module (type $t (func (result i32))) (import "squall" "input_len" (func $f (result i32))) (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32)))
  (table funcref (elem $f $y)) (func (export "run") (result i32) (drop (call_indirect (type $t) (i32.const 1))) (call_indirect (type $t) (i32.const 0))))
