;; build --enable-extended-const
;; Constants that are computed are allowed, also where data lies.
;; expect run ok 7
(module (import "squall" "output_write" (func $write (param i32 i32)))
  (memory 1) (data (offset (i32.add (i32.const -1) (i32.const 1))) "7")
  (func (export "run") (result i32) (call $write (i32.const 0) (i32.const 1)) (i32.const 0)))
