;; Tables that grow by a quarter of a billion elements, and by one without end.
;; expect huge ok null
;; expect one timeout
(module (table $t 1 externref)
  (func (export "huge") (result i32)
    (i32.ne (table.grow $t (ref.null extern) (i32.const 250000000)) (i32.const -1)))
  (func (export "one") (result i32)
    (loop $l (drop (table.grow $t (ref.null extern) (i32.const 1))) (br $l)) (i32.const 0)))
