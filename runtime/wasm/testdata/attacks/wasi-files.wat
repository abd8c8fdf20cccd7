;; Files, directories and sockets: there are none, whatever the pointers.
;; expect open exit_code "exit code 76"
;; expect read exit_code "exit code 76"
;; expect unlink exit_code "exit code 76"
;; expect send exit_code "exit code 76"
;; expect renumber exit_code "exit code 76"
;; expect prestat exit_code "exit code 8"
;; expect spin timeout
(module (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32))) (memory 1)
  (func $f (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const -9) (i32.const -1) (i32.const 9) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const -1)))
  (func (export "read") (result i32) (call $pread (i32.const 0) (i32.const -9) (i32.const -1) (i64.const -1) (i32.const -1)))
  (func (export "unlink") (result i32) (call $unlink (i32.const 3) (i32.const -1) (i32.const -1)))
  (func (export "send") (result i32) (call $send (i32.const 3) (i32.const -1) (i32.const -1) (i32.const 0) (i32.const -1)))
  (func (export "renumber") (result i32) (call $renumber (i32.const 2) (i32.const 1)))
  (func (export "prestat") (result i32) (call $prestat (i32.const 3) (i32.const -1)))
  (func (export "spin") (result i32) (loop $l (drop (call $f)) (br $l)) (i32.const 0)))
