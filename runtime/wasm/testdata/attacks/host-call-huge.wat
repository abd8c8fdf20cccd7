;; Host calls with names and requests of 60 MiB, without end: they are not copied.
;; expect request host_call_limit
;; expect name host_call_limit
(module (import "squall" "host_call" (func $call (param i32 i32 i32 i32) (result i32)))
  (memory 1000) (data (i32.const 0) "greet")
  (func (export "request") (result i32)
    (loop $l (drop (call $call (i32.const 0) (i32.const 5) (i32.const 16) (i32.const 62914560))) (br $l)) (i32.const 0))
  (func (export "name") (result i32)
    (loop $l (drop (call $call (i32.const 0) (i32.const 62914560) (i32.const 0) (i32.const 0))) (br $l)) (i32.const 0)))
