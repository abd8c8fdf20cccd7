;; A start function that exits, saying that all is well.
;; expect run ok null
(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory 1) (start $s) (func $s (call $exit (i32.const 0)) (unreachable))
  (func (export "run") (result i32) (i32.const 0)))
