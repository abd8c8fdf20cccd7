;; Fills, copies and initialises the largest tables without end.
;; expect fill timeout
;; expect copy timeout
;; expect init fuel=1000000 out_of_fuel
;; expect outside trap "invalid table access"
;; expect dropped trap "invalid table access"
(module (table $t 100000 funcref) (elem $e func $f $f $f $f $f $f $f $f)
  (func $f)
  (func (export "fill") (result i32)
    (loop $l (table.fill $t (i32.const 0) (ref.func $f) (i32.const 100000)) (br $l)) (i32.const 0))
  (func (export "copy") (result i32)
    (loop $l (table.copy (i32.const 1) (i32.const 0) (i32.const 99999)) (br $l)) (i32.const 0))
  (func (export "init") (result i32)
    (loop $l (table.init $e (i32.const 0) (i32.const 0) (i32.const 8)) (br $l)) (i32.const 0))
  (func (export "outside") (result i32) (table.fill $t (i32.const 1) (ref.null func) (i32.const -1)) (i32.const 0))
  (func (export "dropped") (result i32)
    (elem.drop $e) (table.init $e (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0)))
