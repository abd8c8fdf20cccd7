;; build --enable-tail-call
;; Recursion that takes no stack.
;; expect refused "instruction 0x12 is not supported"
(module (func $f (export "run") (result i32) (return_call $f)))
