;; Functions that are left early, by return out of nested blocks, by br and by
;; br_table, a million times. The count of nested calls must be right afterwards:
;; 9,000 deep is possible, 11,000 deep is not.
;; only compiler
;; expect shallow ok 0
;; expect deep stack_limit "10,000"
;; expect shallow ok 0
;; expect crash trap "unreachable"
;; expect shallow ok 0
(module
  (import "squall" "output_write" (func $write (param i32 i32)))
  (memory 1) (data (i32.const 0) "0")
  (func $leaf)
  (func $early (param $how i32) (result i32)
    (call $leaf)
    (block $a (block $b (block $c (block $d
      (br_table $a $b $c $d (local.get $how)))
      (loop (block (return (i32.const 1)))))
      (br 2 (i32.const 2)))
      (drop (br_if 1 (i32.const 3) (i32.const 1))))
    (br_table 0 0 (i32.const 4) (i32.const 0)))
  (func $down (param $n i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (call $down (i32.sub (local.get $n) (i32.const 1))))
  (func $many (local $n i32)
    (loop $l
      (drop (call $early (i32.and (local.get $n) (i32.const 3))))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000000)))))
  (func $sink (param $n i32)
    (if (i32.eqz (local.get $n)) (then (unreachable)))
    (call $sink (i32.sub (local.get $n) (i32.const 1))))
  (func (export "shallow") (result i32)
    (call $many) (call $down (i32.const 9000)) (call $down (i32.const 9000))
    (call $write (i32.const 0) (i32.const 1)) (i32.const 0))
  (func (export "deep") (result i32) (call $many) (call $down (i32.const 11000)) (i32.const 0))
  (func (export "crash") (result i32) (call $sink (i32.const 5000)) (i32.const 0)))
