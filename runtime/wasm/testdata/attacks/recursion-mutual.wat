;; Two functions call each other.
;; expect run stack_limit "nested"
(module
  (func $f (export "run") (result i32) (i32.add (call $g (i64.const 1)) (i32.const 1)))
  (func $g (param i64) (result i32) (i32.add (call $f) (i32.const 1))))
