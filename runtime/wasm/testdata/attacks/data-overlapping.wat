;; Data segments over each other: the last one counts, and none is anybody's.
;; expect run ok 2
;; expect run ok 2
(module (import "squall" "output_write" (func $write (param i32 i32)))
  (memory 1) (data (i32.const 0) "111") (data (i32.const 0) "2") (data (i32.const 65536) "")
  (func (export "run") (result i32)
    (call $write (i32.const 0) (i32.const 1)) (i32.store8 (i32.const 0) (i32.const 0x33)) (i32.const 0)))
