;; Changes its table, so that the next run would call something else.
;; expect run ok null
;; expect run ok null
(module (type $t (func (result i32))) (table $tab funcref (elem $good))
  (func $good (result i32) (i32.const 0))
  (func $bad (result i32) (i32.const 1))
  (elem declare func $bad)
  (func (export "run") (result i32)
    (call_indirect (type $t) (i32.const 0))
    (table.set $tab (i32.const 0) (ref.func $bad))))
