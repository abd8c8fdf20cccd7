;; Imports functions that the host's modules do not have.
;; expect refused "squall.nope" "wasi_snapshot_preview1.fd_exec" "squall:host.root"
(module (import "squall" "nope" (func)) (import "wasi_snapshot_preview1" "fd_exec" (func)) (import "squall:host" "root" (func))
  (func (export "run") (result i32) (i32.const 0)))
