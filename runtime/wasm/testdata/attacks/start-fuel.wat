;; A start function that does not end and is expensive.
;; expect refused "squall:start of the module did not succeed" "CPU time"
(module (memory 1) (start $s) (func $s (loop $l (drop (memory.grow (i32.const 0))) (br $l)))
  (func (export "run") (result i32) (i32.const 0)))
