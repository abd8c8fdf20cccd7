;; build --no-check
;; Calls of functions whose index wraps around when the host's own are put before
;; them: they would be the host's.
;; expect refused
(module (func (export "run") (result i32) (call 4294967294) (i32.const 0)))
