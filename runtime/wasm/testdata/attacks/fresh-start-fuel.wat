;; Does its work in _initialize, which runs before every call of a module that
;; starts anew: it must not be free.
;; expect run fuel=1000000 out_of_fuel
(module (global $g (mut funcref) (ref.null func))
  (func (export "_initialize") (local $n i32) (global.set $g (ref.null func))
    (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000000)))))
  (func (export "run") (result i32) (global.set $g (ref.null func)) (i32.const 0)))
