;; Log without end: in lines, in empty lines, in one huge one, of unknown levels.
;; expect lines output_limit "1 MiB of log"
;; expect empty output_limit "1 MiB of log"
;; expect huge output_limit "1 MiB of log"
;; expect breaks ok null
;; expect levels output_limit "1 MiB of log"
;; expect outside trap "squall.log was given memory that is not there"
(module (import "squall" "log" (func $log (param i32 i32 i32))) (memory 500)
  (func (export "lines") (result i32) (loop $l (call $log (i32.const 1) (i32.const 0) (i32.const 80)) (br $l)) (i32.const 0))
  (func (export "empty") (result i32) (loop $l (call $log (i32.const 3) (i32.const 0) (i32.const 0)) (br $l)) (i32.const 0))
  (func (export "huge") (result i32) (call $log (i32.const 3) (i32.const 0) (i32.const 32768000)) (i32.const 0))
  (func (export "breaks") (result i32) ;; line ends only
    (memory.fill (i32.const 0) (i32.const 10) (i32.const 1000000)) (call $log (i32.const 2) (i32.const 0) (i32.const 1000000)) (i32.const 0))
  (func (export "levels") (result i32) (local $n i32)
    (loop $l (call $log (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0) (i32.const 9)) (br $l)) (i32.const 0))
  (func (export "outside") (result i32) (call $log (i32.const 1) (i32.const 32767999) (i32.const 2)) (i32.const 0)))
