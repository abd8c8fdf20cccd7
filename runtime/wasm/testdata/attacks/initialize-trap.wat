;; An _initialize that crashes.
;; expect refused "_initialize of the module did not succeed" "integer divide by zero"
(module (func (export "_initialize") (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "run") (result i32) (i32.const 0)))
