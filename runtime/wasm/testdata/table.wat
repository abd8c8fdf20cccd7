;; Grows its table, which can not be put back: every run gets a fresh instance.
(module
  (import "squall" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (table 1 funcref)
  (global $got (mut i32) (i32.const 0))
  (func (export "once") (result i32)
    (i32.store8 (i32.const 0) (i32.add (i32.const 48) (table.grow 0 (ref.null func) (i32.const 1))))
    (call $write (i32.const 0) (i32.const 1))
    (i32.const 0))
  (func (export "bomb") (result i32)
    (if (i32.ne (table.grow 0 (ref.null func) (i32.const 250000000)) (i32.const -1)) (then (unreachable)))
    (i32.const 0)))
