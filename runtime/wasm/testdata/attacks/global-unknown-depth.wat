;; build --no-check
;; Sets a global that the module does not have: the host's count of calls would lie there.
;; expect refused
(module (func $f (export "run") (result i32)
  (global.set 1 (i32.const 0x7fffffff)) (i32.add (call $f) (i32.const 1))))
