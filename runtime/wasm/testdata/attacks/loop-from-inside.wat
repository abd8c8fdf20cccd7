;; Branches to the head of a loop out of many blocks and ifs, past every charge
;; that stands behind them.
;; expect run fuel=1000000 out_of_fuel
(module (func (export "run") (result i32)
  (loop $l
    (block (block (block (if (i32.const 1) (then (block (br $l))) (else (unreachable)))))
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 100))))
  (i32.const 0))
  (memory 1))
