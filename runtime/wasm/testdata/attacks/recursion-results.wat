;; Recursion with many values on the stack across each call.
;; expect run stack_limit "nested"
(module
  (func $f (param i64 i64 f64 f64) (result i64 i64 f64 f64)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3)
    (call $f (local.get 1) (local.get 0) (local.get 3) (local.get 2))
    (local.set 3) (local.set 2) (local.set 1) (local.set 0)
    (drop) (drop) (drop) (drop) (local.get 0) (local.get 1) (local.get 2) (local.get 3))
  (func (export "run") (result i32)
    (call $f (i64.const 1) (i64.const 2) (f64.const 3) (f64.const 4)) (drop) (drop) (drop) (drop) (i32.const 0)))
