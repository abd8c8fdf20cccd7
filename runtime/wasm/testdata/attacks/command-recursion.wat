;; A command that calls itself: _start is exported, and calls _start.
;; expect run stack_limit "nested"
(module (func $s (export "_start") (call $s) (call $s)))
