;; build --enable-threads --no-check
;; An atomic operation on a memory that is not shared.
;; expect refused "instruction 0xfe is not supported"
(module (memory 1) (func (export "run") (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))
