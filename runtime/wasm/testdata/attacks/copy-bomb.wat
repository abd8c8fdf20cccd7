;; Copies 60 MiB over itself, moved by one byte, over and over.
;; expect run timeout
(module (memory 1000) (func (export "run") (result i32)
  (loop $l (memory.copy (i32.const 1) (i32.const 0) (i32.const 62914560)) (br $l)) (i32.const 0)))
