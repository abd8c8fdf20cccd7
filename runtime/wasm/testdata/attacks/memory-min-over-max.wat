;; build --no-check
;; A memory whose minimum is above its maximum.
;; expect refused "maximum of 1 pages is not possible"
(module (memory 2 1) (func (export "run") (result i32) (i32.const 0)))
