;; build --enable-multi-memory
;; Two memories: only one would be restored.
;; expect refused "2 memories, the limit is 1"
(module (memory 1) (memory 1) (func (export "run") (result i32) (i32.const 0)))
