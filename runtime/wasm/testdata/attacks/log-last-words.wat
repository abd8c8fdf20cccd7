;; The last error line of the log becomes the message of a failure: a line of
;; nearly a MiB. The message is cut, the log is not.
;; expect trap trap "unreachable"
;; expect fail exit_code
(module (import "squall" "log" (func $log (param i32 i32 i32))) (memory 20)
  (func $say (memory.fill (i32.const 0) (i32.const 120) (i32.const 1000000)) (call $log (i32.const 3) (i32.const 0) (i32.const 1000000)))
  (func (export "trap") (result i32) (call $say) (unreachable))
  (func (export "fail") (result i32) (call $say) (i32.const 3)))
