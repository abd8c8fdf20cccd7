;; build --enable-memory64
;; A memory with 64-bit addresses.
;; expect refused "64-bit memory"
(module (memory i64 1) (func (export "run") (result i32) (i32.const 0)))
