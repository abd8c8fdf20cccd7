;; Sleeps of an hour, of forever, until long ago; absurd counts; events over the
;; subscriptions; no subscriptions.
;; expect hour timeout
;; expect forever timeout
;; expect past ok null
;; expect count exit_code "exit code 28"
;; expect none exit_code "exit code 28"
;; expect over ok null
;; expect clock exit_code "exit code 28"
;; expect tag exit_code "exit code 28"
;; expect outside trap "poll_oneoff was given memory that is not there"
;; expect busy timeout
(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory 1) (data (i32.const 16) "\01")
  (func $wait (param $ns i64) (result i32) (i64.store (i32.const 24) (local.get $ns)) (call $poll (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))
  (func (export "hour") (result i32) (call $wait (i64.const 3600000000000)))
  (func (export "forever") (result i32) (call $wait (i64.const -1)))
  (func (export "past") (result i32) (i32.store8 (i32.const 40) (i32.const 1)) (call $wait (i64.const 1)))
  (func (export "count") (result i32) (call $poll (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 512)))
  (func (export "none") (result i32) (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512)))
  (func (export "over") (result i32) (i32.store8 (i32.const 8) (i32.const 1)) (call $poll (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 0)))
  (func (export "clock") (result i32) (i32.store (i32.const 16) (i32.const 77)) (call $wait (i64.const 1)))
  (func (export "tag") (result i32) (i32.store8 (i32.const 8) (i32.const 9)) (call $wait (i64.const 1)))
  (func (export "outside") (result i32) (call $poll (i32.const 65000) (i32.const 0) (i32.const 1000) (i32.const 0)))
  (func (export "busy") (result i32) (loop $l (drop (call $wait (i64.const 0))) (br $l)) (i32.const 0)))
