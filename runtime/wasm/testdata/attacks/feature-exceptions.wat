;; build --enable-exceptions
;; Exceptions: the count of nested calls would be wrong after a catch.
;; expect refused "not supported"
(module (func (export "run") (result i32) (try (do (unreachable)) (catch_all)) (i32.const 0)))
