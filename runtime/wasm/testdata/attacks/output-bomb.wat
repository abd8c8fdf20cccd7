;; Output: all at once, in small pieces, in nothings, from memory that is not there.
;; expect once output_limit "1 MiB of output"
;; expect pieces output_limit "1 MiB of output"
;; expect nothings timeout
;; expect outside trap "squall.output_write was given memory that is not there"
;; expect wraps trap "squall.output_write was given memory that is not there"
(module (import "squall" "output_write" (func $write (param i32 i32))) (memory 500)
  (func (export "once") (result i32) (call $write (i32.const 0) (i32.const 32768000)) (i32.const 0))
  (func (export "pieces") (result i32) (loop $l (call $write (i32.const 0) (i32.const 7)) (br $l)) (i32.const 0))
  (func (export "nothings") (result i32) (loop $l (call $write (i32.const 0) (i32.const 0)) (br $l)) (i32.const 0))
  (func (export "outside") (result i32) (call $write (i32.const 0) (i32.const 0x40000000)) (i32.const 0))
  (func (export "wraps") (result i32) (call $write (i32.const -16) (i32.const 32)) (i32.const 0)))
