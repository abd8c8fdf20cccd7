;; Loops in loops; the inner ones end, the outermost does not.
;; expect run fuel=1000000 out_of_fuel
(module (func (export "run") (result i32) (local $n i32)
  (loop $a (loop $b (loop $c
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $c (i32.rem_u (local.get $n) (i32.const 7)))
    (br_if $b (i32.rem_u (local.get $n) (i32.const 49)))
    (br $a))))
  (i32.const 0)))
