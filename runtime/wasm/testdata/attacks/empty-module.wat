;; The smallest module.
;; expect refused "exports neither"
(module)
