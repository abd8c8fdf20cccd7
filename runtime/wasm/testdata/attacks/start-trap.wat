;; A start function that crashes.
;; expect refused "squall:start of the module did not succeed" "unreachable"
(module (start $s) (func $s (unreachable)) (func (export "run") (result i32) (i32.const 0)))
