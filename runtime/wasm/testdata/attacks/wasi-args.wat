;; Arguments and environment at the end of memory, and over each other.
;; expect args trap "args_get was given memory that is not there"
;; expect strings trap "args_get was given memory that is not there"
;; expect environ trap "environ_get was given memory that is not there"
;; expect sizes trap "args_sizes_get was given memory that is not there"
;; expect over ok null
(module (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32))) (memory 1)
  (func (export "args") (result i32) (call $args (i32.const 65534) (i32.const 0)))
  (func (export "strings") (result i32) (call $args (i32.const 0) (i32.const 65535)))
  (func (export "environ") (result i32) (call $environ (i32.const -4) (i32.const -4)))
  (func (export "sizes") (result i32) (call $sizes (i32.const 0) (i32.const -4)))
  (func (export "over") (result i32) (call $args (i32.const 0) (i32.const 0))))
