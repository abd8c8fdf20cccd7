;; build --enable-function-references
;; A call through a typed reference.
;; expect refused "not supported"
(module (type $t (func (result i32))) (func $f (export "run") (type $t) (call_ref (ref.func $f))))
