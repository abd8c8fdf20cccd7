;; An _initialize that does not end.
;; expect interrupted
(module (func (export "_initialize") (loop $l (br $l))) (func (export "run") (result i32) (i32.const 0)))
