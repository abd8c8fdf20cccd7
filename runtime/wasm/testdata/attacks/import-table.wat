;; Imports a table, which would be shared.
;; expect refused "imports env.x, which is not a function"
(module (import "env" "x" (table 1 funcref)) (func (export "run") (result i32) (i32.const 0)))
