;; A loop that hands values to its next round: no local changes.
;; expect run fuel=1000000 out_of_fuel
(module (func (export "run") (result i32)
  (i32.const 1) (i64.const 2)
  (loop $l (param i32 i64) (result i32) (br $l))))
