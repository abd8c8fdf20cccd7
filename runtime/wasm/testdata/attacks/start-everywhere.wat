;; One function is the start, _initialize, warmup and the action: it counts in a
;; global, and does not end from the fifth time on. It runs three times at load;
;; after that every run is the fourth.
;; expect run ok null
;; expect run ok null
;; expect run ok null
(module (global $n (mut i32) (i32.const 0)) (start $s)
  (func $s (drop (call $f)))
  (func (export "_initialize") (drop (call $f)))
  (func $f (export "warmup") (export "run") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (if (i32.ge_u (global.get $n) (i32.const 5)) (then (loop (br 0)))) (i32.const 0)))
