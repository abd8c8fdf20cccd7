;; build --no-check
;; A call of a function that is not there.
;; expect refused "there is no function 7"
(module (func (export "run") (result i32) (call 7) (i32.const 0)))
