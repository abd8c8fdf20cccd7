;; A chain of br_if, each of which may end the round, before the way back.
;; expect run fuel=1000000 out_of_fuel
(module (func (export "run") (param) (result i32) (local $n i32)
  (loop $l (block $x
    (br_if $x (i32.eq (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3)))
    (br_if $x (i32.and (local.get $n) (i32.const 1))) (br_if $x (i32.and (local.get $n) (i32.const 2)))
    (br_if $x (i32.and (local.get $n) (i32.const 4))) (br_if $x (i32.and (local.get $n) (i32.const 8)))
    (br_if $l (select (i32.const 1) (i32.const 2) (local.get $n))))
    (br $l))
  (i32.const 0)))
