;; A start function that takes 100 MiB and writes them: they would be frozen. The
;; call may have 64 MiB.
;; peak 500MiB
;; expect run memory_limit "needs 100"
(module (memory 1) (start $s)
  (func $s (drop (memory.grow (i32.const 1600))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 104857600)))
  (func (export "run") (result i32) (i32.const 0)))
