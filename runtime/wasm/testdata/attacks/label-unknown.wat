;; build --no-check
;; A branch one block further out than there are: into what the host puts around.
;; fails until the check knows which functions, globals, locals and labels a module has of its own
;; expect refused
(module (func $f (export "run") (result i32) (drop (call $g)) (br 1 (i32.const 0))) (func $g (result i32) (i32.const 0)))
