;; A machine whose instructions are the calls of the ABI. Its input is a program:
;; steps of 17 bytes, the number of a function as in the list of imports and two
;; arguments of 64 bits. Bit 7 of the number makes the first argument the result of
;; the step that it numbers, bit 6 the second. The results are the output: 16
;; hexadecimal digits each, the lowest first.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64) (param i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64) (param i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_set" (func $input_set (param i64) (param i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64) (param i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "error_get" (func $error_get (result i64)))
  (import "extism:host/env" "memory_bytes" (func $memory_bytes (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "output_length" (func $output_length (result i64)))
  (import "extism:host/env" "output_offset" (func $output_offset (result i64)))
  (import "extism:host/env" "reset" (func $reset))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64) (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
  (import "extism:host/env" "http_headers" (func $http_headers (result i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (memory (export "memory") 2)
  (data (i32.const 0) "0123456789abcdef")

  ;; 1024: the program; 32768: results as numbers; 65536: results as text
  (func $read (result i32)
    (local $n i64) (local $i i64)
    (local.set $n (call $input_length))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
      (i32.store8 (i32.add (i32.const 1024) (i32.wrap_i64 (local.get $i))) (call $input_load_u8 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (i32.wrap_i64 (i64.div_u (local.get $n) (i64.const 17))))

  (func $print (param $step i32) (param $v i64)
    (local $i i32) (local $at i32)
    (i64.store (i32.add (i32.const 32768) (i32.mul (local.get $step) (i32.const 8))) (local.get $v))
    (local.set $at (i32.add (i32.const 65536) (i32.mul (local.get $step) (i32.const 16))))
    (loop $next
      (i32.store8 (i32.add (local.get $at) (local.get $i))
        (i32.load8_u (i32.wrap_i64 (i64.and (local.get $v) (i64.const 15)))))
      (local.set $v (i64.shr_u (local.get $v) (i64.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 16)))))

  (func $result (param $step i64) (result i64)
    (i64.load (i32.add (i32.const 32768) (i32.mul (i32.wrap_i64 (local.get $step)) (i32.const 8)))))

  (func $do (param $op i32) (param $a i64) (param $b i64) (result i64)
    (block $alloc_
    (block $free_
    (block $length_
    (block $length_unsafe_
    (block $load_u8_
    (block $load_u64_
    (block $store_u8_
    (block $store_u64_
    (block $input_load_u8_
    (block $input_load_u64_
    (block $input_set_
    (block $output_set_
    (block $error_set_
    (block $error_get_
    (block $memory_bytes_
    (block $input_length_
    (block $input_offset_
    (block $output_length_
    (block $output_offset_
    (block $reset_
    (block $var_get_
    (block $var_set_
    (block $config_get_
    (block $http_status_code_
    (block $http_headers_
    (block $get_log_level_
    (block $log_info_
    (br_table 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 0 (local.get $op)))
    (call $log_info (local.get $a)) (return (i64.const 0)))
    (return (i64.extend_i32_u (call $get_log_level))))
    (return (call $http_headers)))
    (return (i64.extend_i32_u (call $http_status_code))))
    (return (call $config_get (local.get $a))))
    (call $var_set (local.get $a) (local.get $b)) (return (i64.const 0)))
    (return (call $var_get (local.get $a))))
    (call $reset) (return (i64.const 0)))
    (return (call $output_offset)))
    (return (call $output_length)))
    (return (call $input_offset)))
    (return (call $input_length)))
    (return (call $memory_bytes)))
    (return (call $error_get)))
    (call $error_set (local.get $a)) (return (i64.const 0)))
    (call $output_set (local.get $a) (local.get $b)) (return (i64.const 0)))
    (call $input_set (local.get $a) (local.get $b)) (return (i64.const 0)))
    (return (call $input_load_u64 (local.get $a))))
    (return (i64.extend_i32_u (call $input_load_u8 (local.get $a)))))
    (call $store_u64 (local.get $a) (local.get $b)) (return (i64.const 0)))
    (call $store_u8 (local.get $a) (i32.wrap_i64 (local.get $b))) (return (i64.const 0)))
    (return (call $load_u64 (local.get $a))))
    (return (i64.extend_i32_u (call $load_u8 (local.get $a)))))
    (return (call $length_unsafe (local.get $a))))
    (return (call $length (local.get $a))))
    (call $free (local.get $a)) (return (i64.const 0)))
    (return (call $alloc (local.get $a)))
  )

  (func $run (result i32)
    (local $n i32) (local $i i32) (local $at i32) (local $op i32) (local $a i64) (local $b i64)
    (local.set $n (call $read))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $at (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 17))))
      (local.set $op (i32.load8_u (local.get $at)))
      (local.set $a (i64.load offset=1 (local.get $at)))
      (local.set $b (i64.load offset=9 (local.get $at)))
      (if (i32.and (local.get $op) (i32.const 128)) (then (local.set $a (call $result (local.get $a)))))
      (if (i32.and (local.get $op) (i32.const 64)) (then (local.set $b (call $result (local.get $b)))))
      (call $print (local.get $i) (call $do (i32.and (local.get $op) (i32.const 63)) (local.get $a) (local.get $b)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $n))

  ;; the results of the program are the output
  (func (export "results") (result i32)
    (local $n i32) (local $i i32) (local $block i64)
    (local.set $n (i32.mul (call $run) (i32.const 16)))
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $n))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
      (call $store_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
        (i32.load8_u (i32.add (i32.const 65536) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (call $output_set (local.get $block) (i64.extend_i32_u (local.get $n)))
    (i32.const 0))

  ;; the program says what the output is
  (func (export "raw") (drop (call $run)))
)
