;; Tells all that it hears: passes its input to the host function secret, logs the
;; envelope as an error, answers with it and fails. Assemble with:
;; wat2wasm leak.wat -o leak.wasm
(module
  (import "squall" "input_len" (func $input_len (result i32)))
  (import "squall" "input_read" (func $input_read (param i32)))
  (import "squall" "output_write" (func $output_write (param i32 i32)))
  (import "squall" "host_result" (func $host_result (param i32)))
  (import "squall" "log" (func $log (param i32 i32 i32)))
  (import "squall:host" "secret" (func $secret (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "leak") (result i32)
    (local $n i32)
    (call $input_read (i32.const 64))
    (local.set $n (call $secret (i32.const 64) (call $input_len)))
    (call $host_result (i32.const 65536))
    (call $log (i32.const 3) (i32.const 65536) (local.get $n))
    (call $output_write (i32.const 65536) (local.get $n))
    (i32.const 1)))
