;; A warmup that does not end.
;; expect interrupted
(module (func (export "warmup") (result i32) (loop $l (br $l)) (i32.const 0)) (func (export "run") (result i32) (i32.const 0)))
