;; A data segment that does not fit into memory.
;; expect refused "instantiated"
(module (memory 1) (data (i32.const 65535) "ab") (func (export "run") (result i32) (i32.const 0)))
