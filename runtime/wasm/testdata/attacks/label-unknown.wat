;; build --no-check
;; A branch one block further out than there are: into what the host puts around.
;; expect refused
(module (func $f (export "run") (result i32) (drop (call $g)) (br 1 (i32.const 0))) (func $g (result i32) (i32.const 0)))
