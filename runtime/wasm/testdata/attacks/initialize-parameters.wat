;; An _initialize that wants arguments which nobody gives.
;; expect refused "_initialize"
(module (func (export "_initialize") (param i64 i64 i64) (result i64 i64)
    (i64.store (i32.wrap_i64 (local.get 2)) (local.get 1)) (local.get 0) (local.get 1))
  (memory 1) (func (export "run") (result i32) (i32.const 0)))
