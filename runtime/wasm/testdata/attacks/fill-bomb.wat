;; Fills 60 MiB in one instruction, over and over.
;; expect run timeout
;; expect run fuel=20000000 out_of_fuel
(module (memory 1000) (func (export "run") (result i32)
  (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 62914560)) (br $l)) (i32.const 0)))
