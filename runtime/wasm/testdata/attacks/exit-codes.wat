;; The largest and the smallest code that a reactor returns or exits with.
;; expect one exit_code "exit code 1"
;; expect all exit_code "exit code 4294967295"
;; expect exit exit_code "exit code 255"
;; expect wrap exit_code "exit code 256"
;; expect zero ok null
(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory 1)
  (func (export "one") (result i32) (i32.const 1))
  (func (export "all") (result i32) (i32.const -1))
  (func (export "exit") (result i32) (call $exit (i32.const 255)) (unreachable))
  (func (export "wrap") (result i32) (call $exit (i32.const 256)) (unreachable))
  (func (export "zero") (result i32) (call $exit (i32.const 0)) (unreachable)))
