;; build --no-check
;; A table whose minimum is above its maximum.
;; expect refused "table 0 has a maximum below its minimum"
(module (table 2 1 funcref) (func (export "run") (result i32) (i32.const 0)))
