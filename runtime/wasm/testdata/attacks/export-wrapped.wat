;; build --no-check
;; An export of a function whose index wraps around.
;; expect refused
(module (func (export "run") (result i32) (i32.const 0)) (export "_start" (func 4294967294)))
