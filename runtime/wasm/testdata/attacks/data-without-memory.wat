;; build --no-check
;; Data for a memory that is not there, and loads from it.
;; expect refused "not valid"
(module (data (i32.const 0) "ab") (func (export "run") (result i32) (i32.load (i32.const 0))))
