;; build --no-check
;; An indirect call of a type that is not there.
;; expect refused "there is no type 99"
(module (table 1 funcref) (func (export "run") (result i32) (call_indirect (type 99) (i32.const 0)) (i32.const 0)))
