;; Copies of 3 MiB that overlap, in both directions: whatever the host does to stay
;; in charge of long copies, the bytes must be right. Each word holds its address.
;; expect up ok null
;; expect down ok null
(module (memory 64)
  (func $write (param $p i32) (param $end i32)
    (loop $l
      (i32.store (local.get $p) (local.get $p))
      (br_if $l (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 4))) (local.get $end)))))
  (func $differs (param $p i32) (param $by i32) (param $end i32) (result i32)
    (loop $l
      (if (i32.ne (i32.load (local.get $p)) (i32.add (local.get $p) (local.get $by))) (then (return (i32.const 1))))
      (br_if $l (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 4))) (local.get $end))))
    (i32.const 0))
  (func (export "up") (result i32)
    (call $write (i32.const 0) (i32.const 3145728))
    (memory.copy (i32.const 8) (i32.const 0) (i32.const 3145728))
    (call $differs (i32.const 8) (i32.const -8) (i32.const 3145736)))
  (func (export "down") (result i32)
    (call $write (i32.const 0) (i32.const 3145736))
    (memory.copy (i32.const 0) (i32.const 8) (i32.const 3145728))
    (call $differs (i32.const 0) (i32.const 8) (i32.const 3145728))))
