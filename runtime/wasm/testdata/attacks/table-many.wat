;; The most tables there may be, all as large as possible.
;; expect run ok null
;; expect run ok null
(module (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref) (table 100000 funcref)
  (func (export "run") (result i32) (table.set 15 (i32.const 99999) (ref.func 0)) (i32.const 0)))
