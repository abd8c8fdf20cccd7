;; A start function that does not end. Loading is given up with its context.
;; expect interrupted
(module (start $s) (func $s (loop $l (br $l))) (func (export "run") (result i32) (i32.const 0)))
