;; An element segment that does not fit into its table: the compiler ignores it.
;; expect run ok null
(module (table 2 funcref) (elem (i32.const 1) $f $f) (func $f)
  (func (export "run") (result i32) (i32.const 0)))
