;; Imports what only the host's own code may call.
;; expect refused "squall:meter.yield, which is not there"
(module (import "squall:meter" "yield" (func)) (func (export "run") (result i32) (i32.const 0)))
