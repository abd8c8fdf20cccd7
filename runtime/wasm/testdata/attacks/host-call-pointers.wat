;; Names, requests, inputs and results where there is no memory.
;; expect name trap "squall.host_call was given memory that is not there"
;; expect request trap "squall.host_call was given memory that is not there"
;; expect gigabyte trap "squall.host_call was given memory that is not there"
;; expect result trap "squall.host_result was given memory that is not there"
;; expect input input={"a":"0123456789"} trap "squall.input_read was given memory that is not there"
;; expect nothing ok null
(module (import "squall" "host_call" (func $call (param i32 i32 i32 i32) (result i32)))
  (import "squall" "host_result" (func $result (param i32))) (import "squall" "input_read" (func $read (param i32)))
  (memory 1)
  (func (export "name") (result i32) (call $call (i32.const -1) (i32.const 5) (i32.const 0) (i32.const 0)))
  (func (export "request") (result i32) (call $call (i32.const 0) (i32.const 5) (i32.const 65530) (i32.const 7)))
  (func (export "gigabyte") (result i32) (call $call (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0x40000000)))
  (func (export "result") (result i32)
    (drop (call $call (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0))) (call $result (i32.const 65530)) (i32.const 0))
  (func (export "input") (result i32) (call $read (i32.const 65530)) (i32.const 0))
  (func (export "nothing") (result i32) (call $result (i32.const 0)) (i32.const 0)))
