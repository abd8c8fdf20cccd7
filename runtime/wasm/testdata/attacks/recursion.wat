;; Recursion without a loop: a function calls itself.
;; expect run stack_limit "nested"
;; expect run depth=100 stack_limit "nested"
(module (func $f (export "run") (result i32) (i32.add (call $f) (i32.const 1))))
