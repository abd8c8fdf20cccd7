;; Exports whose names are not names: empty, paths, controls, quotes, a zero.
;; expect "" ok null
;; expect "../../etc/passwd" ok null
;; expect "a\x00b\n\"" ok null
(module (func $f (export "") (export "../../etc/passwd") (export "a\00b\n\"") (export "\e2\80\ae") (result i32) (i32.const 0)))
