;; build --no-check
;; Calls of functions whose index wraps around when the host's own are put before
;; them: they would be the host's.
;; fails until the check knows which functions, globals, locals and labels a module has of its own
;; expect refused
(module (func (export "run") (result i32) (call 4294967294) (i32.const 0)))
