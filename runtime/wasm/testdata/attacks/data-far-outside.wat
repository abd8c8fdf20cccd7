;; A data segment at an address where adding its length wraps.
;; expect refused "instantiated"
(module (memory 1) (data (i32.const -1) "ab") (func (export "run") (result i32) (i32.const 0)))
