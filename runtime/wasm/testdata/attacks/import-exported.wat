;; An import is the action: the host's function called with nobody in between.
;; expect run input={"a":1} exit_code "exit code 7"
;; expect run ok null
(module (import "squall" "input_len" (func $f (result i32))) (export "run" (func $f)))
