;; build --enable-threads
;; A memory shared between threads, and a wait that nobody ends.
;; expect refused "shared or 64-bit memory"
(module (memory 1 1 shared) (func (export "run") (result i32)
  (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
