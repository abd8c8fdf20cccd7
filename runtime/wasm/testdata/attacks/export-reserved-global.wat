;; Exports the name under which the host keeps its copy of its globals.
;; expect refused "are reserved"
(module (global (export "squall:global0") (mut i32) (i32.const 0)) (func (export "run") (result i32) (i32.const 0)))
