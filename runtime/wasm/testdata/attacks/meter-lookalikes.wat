;; Has globals and exports that look like the host's own, and sets them.
;; expect run fuel=1000000 out_of_fuel
;; expect deep stack_limit
(module
  (global $fuel (export "squall-fuel") (mut i64) (i64.const 0))
  (global $depth (export "Squall:depth") (mut i32) (i32.const 0))
  (global (export "squall\e2\80\8b:fuel") i64 (i64.const 1)) (global (export "") i32 (i32.const 1))
  (global (export "squall") i64 (i64.const 1)) (export " squall:fuel" (global $fuel))
  (func (export "squall\00:start") (loop (br 0)))
  (func (export "run") (result i32)
    (loop $l (global.set $fuel (i64.const 0x7fffffffffffffff)) (br $l)) (i32.const 0))
  (func $f (export "deep") (result i32) (global.set $depth (i32.const 0x7fffffff)) (i32.add (call $f) (i32.const 1))))
