;; A module without a memory gives the host addresses.
;; expect run trap "squall.output_write was given memory that is not there"
;; expect zero trap "squall.output_write was given memory that is not there"
(module (import "squall" "output_write" (func $write (param i32 i32)))
  (func (export "run") (result i32) (call $write (i32.const 0) (i32.const 1)) (i32.const 0))
  (func (export "zero") (result i32) (call $write (i32.const 0) (i32.const 0)) (i32.const 0)))
