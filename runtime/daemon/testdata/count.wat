;; A sensor that counts: asked with {"cursor": N} it finds the event N+1 and answers
;; with it as the next cursor. Assemble with: wat2wasm count.wat -o count.wasm
(module
  (import "squall" "input_len" (func $input_len (result i32)))
  (import "squall" "input_read" (func $input_read (param i32)))
  (import "squall" "output_write" (func $output_write (param i32 i32)))
  (import "squall" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "{\"events\":[{\"trigger\":\"tick\",\"payload\":{\"n\":")   ;; 44 bytes
  (data (i32.const 48) "}}],\"cursor\":")                                          ;; 13 bytes
  (data (i32.const 64) "}")
  (data (i32.const 68) "counting")
  ;; the number after the last colon of the input; null counts as 0
  (func $cursor (result i32)
    (local $p i32) (local $end i32) (local $n i32) (local $c i32)
    (call $input_read (i32.const 1024))
    (local.set $p (i32.const 1024))
    (local.set $end (i32.add (i32.const 1024) (call $input_len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (if (i32.eq (local.get $c) (i32.const 58)) (then (local.set $n (i32.const 0))))
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
          (then (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 10)) (i32.sub (local.get $c) (i32.const 48))))))
        (br $next)))
    (local.get $n))
  ;; writes a number that is not 0
  (func $number (param $n i32)
    (local $p i32)
    (local.set $p (i32.const 128))
    (loop $next
      (local.set $p (i32.sub (local.get $p) (i32.const 1)))
      (i32.store8 (local.get $p) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $next (local.get $n)))
    (call $output_write (local.get $p) (i32.sub (i32.const 128) (local.get $p))))
  (func (export "poll") (result i32)
    (local $n i32)
    (call $log (i32.const 1) (i32.const 68) (i32.const 8))
    (local.set $n (i32.add (call $cursor) (i32.const 1)))
    (call $output_write (i32.const 0) (i32.const 44))
    (call $number (local.get $n))
    (call $output_write (i32.const 48) (i32.const 13))
    (call $number (local.get $n))
    (call $output_write (i32.const 64) (i32.const 1))
    (i32.const 0))
  (func (export "trap") (result i32) unreachable))
