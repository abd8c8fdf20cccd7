;; A warmup that crashes.
;; expect refused "warmup of the module did not succeed" "unreachable"
(module (func (export "warmup") (result i32) (unreachable)) (func (export "run") (result i32) (i32.const 0)))
