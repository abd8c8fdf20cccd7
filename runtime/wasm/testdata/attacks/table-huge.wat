;; A table of a gigabyte.
;; expect refused "table 0 has 134217728 elements, the limit is 100000"
(module (table 134217728 funcref) (func (export "run") (result i32) (i32.const 0)))
