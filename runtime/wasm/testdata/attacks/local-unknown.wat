;; build --no-check
;; Uses a local that it does not have: the host's spare one would lie there.
;; expect refused
(module (memory 1) (func (export "run") (result i32)
  (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)) (local.get 0)))
