;; Every way to crash.
;; expect unreachable trap "unreachable"
;; expect zero trap "integer divide by zero"
;; expect overflow trap "integer overflow"
;; expect nan trap "invalid conversion to integer"
;; expect load trap "out of bounds memory access"
;; expect offset trap "out of bounds memory access"
;; expect null trap "invalid table access"
;; expect type trap "indirect call type mismatch"
;; expect index trap "invalid table access"
;; expect table trap "invalid table access"
;; expect fine ok null
(module (type $t (func (result i32))) (table $tab 2 funcref) (elem (i32.const 1) $other) (memory 1)
  (func $other (param i64))
  (func (export "fine") (result i32) (i32.const 0))
  (func (export "unreachable") (result i32) (unreachable))
  (func (export "zero") (result i32) (i32.rem_s (i32.const 1) (i32.const 0)))
  (func (export "overflow") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
  (func (export "nan") (result i32) (i32.trunc_f64_s (f64.const nan)))
  (func (export "load") (result i32) (i32.load (i32.const 65533)))
  (func (export "offset") (result i32) (i32.load offset=4294967295 align=1 (i32.const -1)))
  (func (export "null") (result i32) (call_indirect (type $t) (i32.const 0)))
  (func (export "type") (result i32) (call_indirect (type $t) (i32.const 1)))
  (func (export "index") (result i32) (call_indirect (type $t) (i32.const -1)))
  (func (export "table") (result i32) (drop (table.get $tab (i32.const 2))) (i32.const 0)))
