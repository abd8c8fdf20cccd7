;; A command that exits with 0, in the middle of a loop.
;; expect run ok null
(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory 1)
  (func (export "_start") (loop $l (call $exit (i32.const 0)) (br $l))))
