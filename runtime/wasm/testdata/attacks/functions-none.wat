;; A module without functions.
;; expect refused "exports neither"
(module (memory (export "memory") 1))
