;; A start function that calls itself.
;; expect refused "squall:start of the module did not succeed" "nested"
(module (start $s) (func $s (call $s) (call $s)) (func (export "run") (result i32) (i32.const 0)))
