;; An _initialize that takes long but ends, in a module that starts anew for every
;; run: the deadline comes while it starts. Often enough, the host sees that by its
;; clock before its context has ended.
;; only compiler
;; expect run timeout
;; expect run timeout
;; expect run timeout
;; expect run timeout
;; expect run timeout
(module (global $g (mut funcref) (ref.null func))
  (func (export "_initialize") (local $n i32) (global.set $g (ref.null func))
    (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000000000)))))
  (func (export "run") (result i32) (global.set $g (ref.null func)) (i32.const 0)))
