;; A call in code that can not be reached, beside one that can.
;; expect run stack_limit "nested"
(module (func $f (export "run") (result i32)
  (block (br 0) (drop (call $f)))
  (drop (call $f)) (return (i32.const 0)) (call $f)))
