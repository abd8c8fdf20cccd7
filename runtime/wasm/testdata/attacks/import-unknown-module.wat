;; Imports from a module that is not there.
;; expect refused "imports env.abort, which is not there"
(module (import "env" "abort" (func)) (func (export "run") (result i32) (i32.const 0)))
