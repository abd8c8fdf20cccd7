;; Prints eight random bytes and the time as letters.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "squall" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\"random: ")
  (func (export "run") (result i32) (local $i i32)
    (drop (call $random (i32.const 16) (i32.const 8)))
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 24)))
    (loop $l ;; one letter a nibble
      (i32.store8 (i32.add (i32.const 64) (local.get $i)) (i32.add (i32.const 97)
        (i32.and (i32.load8_u (i32.add (i32.const 16) (local.get $i))) (i32.const 15))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (i32.store8 (i32.const 80) (i32.const 34))
    (call $write (i32.const 0) (i32.const 9))
    (call $write (i32.const 64) (i32.const 17))
    (i32.const 0)))
