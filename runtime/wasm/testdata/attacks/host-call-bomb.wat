;; Host calls without end: of a function that is there, and of one that is not.
;; expect known host_call_limit "1,000"
;; expect unknown host_call_limit "1,000"
(module (import "squall" "host_call" (func $call (param i32 i32 i32 i32) (result i32)))
  (memory 1) (data (i32.const 0) "greet{\"name\":\"x\"}")
  (func (export "known") (result i32)
    (loop $l (drop (call $call (i32.const 0) (i32.const 5) (i32.const 5) (i32.const 12))) (br $l)) (i32.const 0))
  (func (export "unknown") (result i32)
    (loop $l (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (br $l)) (i32.const 0)))
