;; build --no-check
;; Sets a global that the module does not have: the host's fuel would lie there.
;; expect refused
(module (func (export "run") (result i32)
  (loop $l (global.set 0 (i64.const 0x7fffffffffffffff)) (br $l)) (i32.const 0)))
