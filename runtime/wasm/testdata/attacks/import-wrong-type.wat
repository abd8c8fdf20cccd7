;; The right import with the wrong type.
;; expect refused "instantiated" "output_write"
(module (import "squall" "output_write" (func (param i64 i64) (result i64))) (func (export "run") (result i32) (i32.const 0)))
