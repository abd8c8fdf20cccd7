;; The smallest useful guest: passes its input to the host function http_send and
;; answers with the envelope. Assemble with: wat2wasm relay.wat -o relay.wasm
(module
  (import "squall" "input_len" (func $input_len (result i32)))
  (import "squall" "input_read" (func $input_read (param i32)))
  (import "squall" "output_write" (func $output_write (param i32 i32)))
  (import "squall" "host_result" (func $host_result (param i32)))
  (import "squall" "log" (func $log (param i32 i32 i32)))
  (import "squall:host" "http_send" (func $http_send (param i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 0) "relaying")
  (func (export "relay") (result i32)
    (local $n i32)
    (call $log (i32.const 1) (i32.const 0) (i32.const 8))
    (call $input_read (i32.const 64))
    (local.set $n (call $http_send (i32.const 64) (call $input_len)))
    (call $host_result (i32.const 65536))
    (call $output_write (i32.const 65536) (local.get $n))
    (i32.const 0))
  ;; never answers: for cancel, timeout and drain
  (func (export "spin") (result i32)
    (call $log (i32.const 1) (i32.const 0) (i32.const 8))
    (loop $again (br $again))
    (i32.const 0)))
