;; Grows page by page, writes each, and gives up only when there is no more.
;; expect run memory_limit "64 MiB"
(module (memory 1) (func (export "run") (result i32)
  (loop $l
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
    (i32.store8 (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1)) (i32.const 1))
    (br $l))
  (i32.const 0)))
