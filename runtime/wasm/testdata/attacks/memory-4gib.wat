;; Wants 4 GiB from the start.
;; expect refused "memory to begin with"
(module (memory 65536) (func (export "run") (result i32) (i32.const 0)))
