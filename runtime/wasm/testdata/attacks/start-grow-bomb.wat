;; A start function that takes all the memory that it gets, and asks for more.
;; expect refused "squall:start of the module did not succeed" "256 MiB"
(module (memory 1) (start $s)
  (func $s (loop $l (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable))) (br $l)))
  (func (export "run") (result i32) (i32.const 0)))
