;; Clocks that are not there, and times for memory that is not there.
;; expect unknown exit_code "exit code 28"
;; expect resolution exit_code "exit code 28"
;; expect outside trap "clock_time_get was given memory that is not there"
;; expect spin timeout
(module (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $res (param i32 i32) (result i32))) (memory 1)
  (func (export "unknown") (result i32) (call $time (i32.const -1) (i64.const -1) (i32.const 0)))
  (func (export "resolution") (result i32) (call $res (i32.const 4) (i32.const -1)))
  (func (export "outside") (result i32) (call $time (i32.const 0) (i64.const 0) (i32.const 65529)))
  (func (export "spin") (result i32) (loop $l (drop (call $time (i32.const 1) (i64.const 0) (i32.const 0))) (br $l)) (i32.const 0)))
