;; An export named _start that is a memory.
;; expect refused "exports neither _start nor"
(module (memory (export "_start") 1))
