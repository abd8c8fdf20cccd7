;; A tree of calls, flat but endless: no loop, no depth.
;; expect run timeout
;; expect run fuel=1000000 out_of_fuel
(module
  (func $f (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n)) (then (i32.const 1)) (else
      (i32.add (call $f (i32.sub (local.get $n) (i32.const 1))) (call $f (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "run") (result i32) (call $f (i32.const 60))))
