;; A loop whose way back is a branch table, by an entry and by the default.
;; expect entry timeout
;; expect default fuel=1000000 out_of_fuel
(module
  (func (export "entry") (result i32)
    (block $out (loop $l (br_table $l $out (i32.const 0)))) (i32.const 0))
  (func (export "default") (result i32)
    (block $out (loop $l (br_table $out $l (i32.const 9)))) (i32.const 0)))
