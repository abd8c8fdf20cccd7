;; Bulk operations of memory that is not there, of every length.
;; expect fill trap "out of bounds memory access"
;; expect edge trap "out of bounds memory access"
;; expect copy trap "out of bounds memory access"
;; expect init trap "out of bounds memory access"
;; expect nothing ok null
(module (memory 1) (data $d "abc")
  (func (export "fill") (result i32) (memory.fill (i32.const 0) (i32.const 0) (i32.const -1)) (i32.const 0))
  (func (export "edge") (result i32) (memory.fill (i32.const 65530) (i32.const 0) (i32.const 7)) (i32.const 0))
  (func (export "copy") (result i32) (memory.copy (i32.const 1) (i32.const 2) (i32.const -2)) (i32.const 0))
  (func (export "init") (result i32) (memory.init $d (i32.const 0) (i32.const 1) (i32.const -1)) (i32.const 0))
  (func (export "nothing") (result i32) (memory.fill (i32.const 65536) (i32.const 0) (i32.const 0)) (i32.const 0)))
