;; Requests that are no JSON, a million brackets deep, of zeros; a name of a MiB.
;; The guest gets a refusal and goes on.
;; expect garbage ok {"error"
;; expect nested ok {"error"
;; expect objects ok {"error"
;; expect zeros ok {"error"
;; expect name ok {"error"
(module (import "squall" "host_call" (func $call (param i32 i32 i32 i32) (result i32)))
  (import "squall" "host_result" (func $result (param i32))) (import "squall" "output_write" (func $write (param i32 i32)))
  (memory 64) (data (i32.const 0) "greet{\"name\":\"\ff\fe") (data (i32.const 32) "{\"a\":")
  (func $say (param $n i32) (call $result (i32.const 3145728)) (call $write (i32.const 3145728) (local.get $n)))
  (func (export "garbage") (result i32) (call $say (call $call (i32.const 0) (i32.const 5) (i32.const 5) (i32.const 11))) (i32.const 0))
  (func (export "nested") (result i32) (memory.fill (i32.const 64) (i32.const 91) (i32.const 1048576))
    (call $say (call $call (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 1048576))) (i32.const 0))
  (func (export "objects") (result i32) (memory.copy (i32.const 64) (i32.const 32) (i32.const 5)) (memory.fill (i32.const 69) (i32.const 91) (i32.const 1048576))
    (call $say (call $call (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 1048581))) (i32.const 0))
  (func (export "zeros") (result i32) (call $say (call $call (i32.const 0) (i32.const 5) (i32.const 65536) (i32.const 1048576))) (i32.const 0))
  (func (export "name") (result i32) (memory.fill (i32.const 64) (i32.const 255) (i32.const 1048576))
    (call $say (call $call (i32.const 64) (i32.const 1048576) (i32.const 5) (i32.const 11))) (i32.const 0)))
