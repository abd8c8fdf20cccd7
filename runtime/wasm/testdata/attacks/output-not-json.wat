;; Output that is nearly JSON, and bytes that are not text.
;; expect brackets text
;; expect zeros text
;; expect two text
(module (import "squall" "output_write" (func $write (param i32 i32)))
  (memory 8) (data (i32.const 0) "1 2\ff\fe\ed\a0\80")
  (func (export "two") (result i32) (call $write (i32.const 0) (i32.const 8)) (i32.const 0))
  (func (export "brackets") (result i32)
    (memory.fill (i32.const 8) (i32.const 91) (i32.const 500000)) (call $write (i32.const 8) (i32.const 500000)) (i32.const 0))
  (func (export "zeros") (result i32) (call $write (i32.const 65536) (i32.const 200000)) (i32.const 0)))
