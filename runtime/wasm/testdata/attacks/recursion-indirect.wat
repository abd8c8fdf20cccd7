;; A function calls itself through a table.
;; expect run stack_limit "nested"
(module
  (type $t (func (result i32)))
  (table funcref (elem $f))
  (func $f (export "run") (result i32)
    (i32.add (call_indirect (type $t) (i32.const 0)) (i32.const 1))))
