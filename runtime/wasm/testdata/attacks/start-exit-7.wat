;; A start function that exits, saying that it failed.
;; expect refused "squall:start of the module did not succeed" "exit code 7"
(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory 1) (start $s) (func $s (call $exit (i32.const 7)))
  (func (export "run") (result i32) (i32.const 0)))
