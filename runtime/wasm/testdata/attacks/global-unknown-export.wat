;; build --no-check
;; Exports a global that it does not have.
;; fails until the check knows which functions, globals, locals and labels a module has of its own
;; expect refused
(module (func (export "run") (result i32) (i32.const 0)) (export "mine" (global 0)))
