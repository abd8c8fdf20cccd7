;; Nothing but imports.
;; expect refused "exports neither"
(module (import "squall" "input_len" (func (result i32))))
