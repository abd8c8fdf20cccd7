;; Vectors are allowed, metered like everything else, and may recurse.
;; expect run fuel=1000000 out_of_fuel
;; expect deep stack_limit
;; expect outside trap "out of bounds memory access"
(module (memory 1)
  (func (export "run") (result i32) (local v128)
    (loop $l (local.set 0 (i8x16.add (local.get 0) (v128.load8_lane 3 (i32.const 9) (local.get 0)))) (br $l)) (i32.const 0))
  (func $f (param v128) (result v128) (i64x2.mul (call $f (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 0) (local.get 0))) (local.get 0)))
  (func (export "deep") (result i32) (drop (call $f (v128.const i64x2 1 2))) (i32.const 0))
  (func (export "outside") (result i32) (v128.store (i32.const -1) (v128.const i64x2 0 0)) (i32.const 0)))
