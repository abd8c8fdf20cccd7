;; A start function that writes output and log without end, and makes host calls.
;; expect refused "squall:start of the module did not succeed" "1 MiB"
(module (import "squall" "output_write" (func $write (param i32 i32))) (import "squall" "log" (func $log (param i32 i32 i32)))
  (import "squall" "host_call" (func $call (param i32 i32 i32 i32) (result i32)))
  (memory 1) (start $s)
  (func $s (drop (call $call (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 9)))
    (loop $l (call $log (i32.const 3) (i32.const 0) (i32.const 0)) (call $write (i32.const 0) (i32.const 999)) (br $l)))
  (func (export "run") (result i32) (i32.const 0)))
