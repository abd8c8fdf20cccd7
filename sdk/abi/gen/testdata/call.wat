;; Calls any host function: its input is the function's name, a line feed and the
;; request; it answers with the envelope. Assemble with: wat2wasm call.wat -o call.wasm
(module
  (import "squall" "input_len" (func $input_len (result i32)))
  (import "squall" "input_read" (func $input_read (param i32)))
  (import "squall" "output_write" (func $output_write (param i32 i32)))
  (import "squall" "host_call" (func $host_call (param i32 i32 i32 i32) (result i32)))
  (import "squall" "host_result" (func $host_result (param i32)))
  (memory (export "memory") 4)
  (func (export "call") (result i32)
    (local $at i32) (local $n i32)
    (call $input_read (i32.const 0))
    (loop $name
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 10))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $name))))
    (local.set $n (call $host_call (i32.const 0) (local.get $at)
      (i32.add (local.get $at) (i32.const 1))
      (i32.sub (i32.sub (call $input_len) (local.get $at)) (i32.const 1))))
    (call $host_result (i32.const 65536))
    (call $output_write (i32.const 65536) (local.get $n))
    (i32.const 0)))
