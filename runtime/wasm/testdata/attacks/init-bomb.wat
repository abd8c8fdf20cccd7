;; Copies from a data segment without end, and from one that was dropped.
;; expect run fuel=1000000 out_of_fuel
;; expect dropped trap "out of bounds memory access"
;; expect run fuel=1000000 out_of_fuel
(module (memory 1) (data $d "0123456789012345678901234567890123456789")
  (func (export "run") (result i32)
    (loop $l (memory.init $d (i32.const 0) (i32.const 0) (i32.const 40)) (br $l)) (i32.const 0))
  (func (export "dropped") (result i32)
    (data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 40)) (i32.const 0)))
