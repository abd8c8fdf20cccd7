;; build --no-check
;; The same name exported twice.
;; expect refused "not valid" "run"
(module (func (export "run") (result i32) (i32.const 0)) (func (export "run") (result i32) (i32.const 1)))
