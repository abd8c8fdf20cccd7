;; A command that loops in its start function, before _start.
;; expect run timeout
(module (start $s) (func $s (loop $l (br $l))) (func (export "_start")))
