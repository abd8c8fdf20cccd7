;; A command whose _start takes arguments and gives results.
;; expect refused "_start"
(module (func (export "_start") (param i32 i64) (result i32 i32 i32) (i32.const 0) (i32.const 0) (i32.const 0)))
