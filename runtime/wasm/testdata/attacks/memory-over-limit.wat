;; Wants more from the start than the call may have.
;; expect run memory_limit "needs 125 MiB of memory to begin with"
(module (memory 2000) (func (export "run") (result i32) (i32.const 0)))
