;; Asks for all the memory there is, and more, over and over.
;; expect all ok null
;; expect more ok null
;; expect again timeout
;; expect again fuel=10000000 out_of_fuel
(module (memory 1)
  (func (export "all") (result i32) (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)))
  (func (export "more") (result i32) (i32.ne (memory.grow (i32.const -1)) (i32.const -1)))
  (func (export "again") (result i32) (loop $l (drop (memory.grow (i32.const 65535))) (br $l)) (i32.const 0)))
