;; A loop without end.
;; expect run timeout "ran longer than"
;; expect run fuel=1000000 out_of_fuel "1,000,000 instructions"
(module (func (export "run") (result i32) (loop $l (br $l)) (i32.const 0)))
