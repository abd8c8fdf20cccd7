;; A warmup that says no.
;; expect refused "warmup of the module did not succeed" "exit code 1"
(module (func (export "warmup") (result i32) (i32.const 1)) (func (export "run") (result i32) (i32.const 0)))
