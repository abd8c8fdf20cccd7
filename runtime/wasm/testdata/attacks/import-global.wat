;; Imports a global, which would be shared.
;; expect refused "imports env.x, which is not a function"
(module (import "env" "x" (global (mut i64))) (func (export "run") (result i32) (i32.const 0)))
