;; Imports a host function by its name.
(module
  (import "squall:host" "greet" (func $greet (param i32 i32) (result i32)))
  (import "squall" "host_result" (func $result (param i32)))
  (import "squall" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"name\":\"you\"}")
  (func (export "run") (result i32) (local $n i32)
    (local.set $n (call $greet (i32.const 0) (i32.const 14)))
    (call $result (i32.const 64))
    (call $write (i32.const 64) (local.get $n))
    (i32.const 0)))
