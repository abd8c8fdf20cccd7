;; Takes all it may have, writes every page, then loops; and then again.
;; expect run timeout
;; expect run timeout
;; expect small ok null
(module (memory 1)
  (func (export "run") (result i32) (local $p i32)
    (drop (memory.grow (i32.const 1023)))
    (loop $l
      (i32.store (local.get $p) (i32.const -1))
      (local.set $p (i32.and (i32.add (local.get $p) (i32.const 4096)) (i32.const 0x3ffffff)))
      (br $l))
    (i32.const 0))
  (func (export "small") (result i32) ;; nothing of it is left
    (i32.or (i32.load (i32.const 4096)) (i32.ne (memory.size) (i32.const 1)))))
