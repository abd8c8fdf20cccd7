;; A command that is frozen where it reads its input: the first byte of it says how
;; to behave. Before that it counts its starts and says that it is up.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 2000)
  (table 1 100 funcref)
  (global $runs (mut i32) (i32.const 0))
  (data (i32.const 64) "up\n")
  (data (i32.const 80) "[")
  (func $print (param $fd i32) (param $ptr i32) (param $len i32)
    (i32.store (i32.const 16) (local.get $ptr)) (i32.store (i32.const 20) (local.get $len))
    (drop (call $write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 24))))
  ;; Reads at most so many bytes to 1024 and returns how many came.
  (func $input (param $most i32) (result i32)
    (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (local.get $most))
    (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
    (i32.load (i32.const 24)))
  (func $is (param $letter i32) (result i32) (i32.eq (i32.load8_u (i32.const 1024)) (local.get $letter)))
  (func $bump (param $at i32)
    (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1))))
  (func $deep (result i32) (i32.add (call $deep) (i32.const 1)))
  ;; One start, one run in a global, in memory and in grown memory, two pages: 6.
  (func $count
    (drop (memory.grow (i32.const 1)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (call $bump (i32.const 8)) (call $bump (i32.const 65544))
    (i32.store8 (i32.const 10) (i32.add (i32.const 48) (i32.add (i32.load8_u (i32.const 9))
      (i32.add (global.get $runs) (i32.add (i32.load8_u (i32.const 8))
        (i32.add (i32.load8_u (i32.const 65544)) (memory.size)))))))
    (call $print (i32.const 1) (i32.const 10) (i32.const 1)))
  ;; Leaves through two frames more.
  (func $leave (param $n i32)
    (if (local.get $n) (then (call $leave (i32.sub (local.get $n) (i32.const 1)))) (else (call $exit (i32.const 3)))))
  (func $behave (local i32)
    (if (call $is (i32.const 99)) (then (call $count)))                                              ;; c
    (if (call $is (i32.const 116)) (then (unreachable)))                                             ;; t
    (if (call $is (i32.const 115)) (then (loop $l (call $bump (i32.const 8)) (br $l))))              ;; s
    (if (call $is (i32.const 114)) (then (drop (call $deep))))                                       ;; r
    (if (call $is (i32.const 120)) (then (call $bump (i32.const 8)) (call $leave (i32.const 2))))    ;; x
    (if (call $is (i32.const 98)) (then (loop $l                                                     ;; b
      (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
      (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
      (br $l))))
    (if (call $is (i32.const 103)) (then                                                             ;; g
      (drop (table.grow 0 (ref.null func) (i32.const 1)))
      (i32.store8 (i32.const 10) (i32.add (i32.const 48) (table.size 0)))
      (call $print (i32.const 1) (i32.const 10) (i32.const 1))))
    ;; e: gives back what stands behind it, read in pieces of two bytes
    (if (call $is (i32.const 101)) (then (loop $l (local.set 0 (call $input (i32.const 2)))
      (if (local.get 0) (then (call $print (i32.const 1) (i32.const 1024) (local.get 0)) (br $l)))))))
  (func (export "_start")
    (call $bump (i32.const 9))
    (call $print (i32.const 2) (i32.const 64) (i32.const 3))
    (drop (call $input (i32.const 1)))
    (call $behave)))
