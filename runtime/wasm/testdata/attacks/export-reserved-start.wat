;; Exports the name under which the host keeps its start function.
;; expect refused "are reserved"
(module (func (export "squall:start")) (func (export "run") (result i32) (i32.const 0)))
