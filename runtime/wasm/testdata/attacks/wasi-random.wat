;; Random bytes for the whole memory without end, and for memory that is not there.
;; expect run timeout
;; expect outside trap "random_get was given memory that is not there"
(module (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32))) (memory 1000)
  (func (export "run") (result i32) (loop $l (drop (call $random (i32.const 0) (i32.const 65536000))) (br $l)) (i32.const 0))
  (func (export "outside") (result i32) (call $random (i32.const 1) (i32.const -1))))
