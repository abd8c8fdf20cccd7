;; build --no-check
;; Exports a global that it does not have.
;; expect refused
(module (func (export "run") (result i32) (i32.const 0)) (export "mine" (global 0)))
