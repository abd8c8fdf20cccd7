;; A mutable global that holds a reference, which can not be put back: every run
;; starts anew.
;; expect run ok null
;; expect run ok null
(module (global $g (mut funcref) (ref.null func)) (func $f (export "run") (result i32)
  (i32.eqz (ref.is_null (global.get $g))) (global.set $g (ref.func $f))))
