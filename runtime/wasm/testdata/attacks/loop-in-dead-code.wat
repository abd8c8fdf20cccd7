;; Code that can not be reached, with loops, calls and returns in it, between code
;; that loops.
;; expect run fuel=1000000 out_of_fuel
;; expect trap trap "unreachable"
(module
  (func $f (export "run") (result i32)
    (loop $l
      (br $l)
      (loop $dead (br_if $dead (i32.const 1)) (drop (call $f)) (return (i32.const 1)))
      (if (i32.const 1) (then (br $l)) (else (unreachable))))
    (unreachable) (loop (br 0)) (i32.const 0))
  (func (export "trap") (result i32)
    (unreachable) (loop $l (br_table $l $l (i32.const 1))) (drop) (call $f)))
