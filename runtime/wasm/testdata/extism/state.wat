;; What a plugin keeps: variables, and what it made while it started.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") 1)
  (global $made (mut i64) (i64.const 0))
  (global $starts (mut i32) (i32.const 0))

  ;; a block with one byte in it
  (func $byte (param $v i32) (result i64)
    (local $block i64)
    (local.set $block (call $alloc (i64.const 1)))
    (call $store_u8 (local.get $block) (local.get $v))
    (local.get $block))
  (func (export "_initialize")
    (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
    (global.set $made (call $byte (i32.const 0x37)))        ;; "7"
    (call $var_set (call $byte (i32.const 0x62)) (call $byte (i32.const 0x38)))) ;; b = "8"
  (func (export "__wasm_call_ctors") (unreachable)) ;; not after _initialize

  ;; counts in variable n, a digit
  (func $count
    (local $v i32) (local $block i64)
    (local.set $v (i32.const 0x30))
    (local.set $block (call $var_get (call $byte (i32.const 0x6e))))
    (if (i64.ne (local.get $block) (i64.const 0)) (then (local.set $v (call $load_u8 (local.get $block)))))
    (call $var_set (call $byte (i32.const 0x6e)) (call $byte (i32.add (local.get $v) (i32.const 1)))))
  (func $show (param $name i32)
    (local $block i64)
    (local.set $block (call $var_get (call $byte (local.get $name))))
    (call $output_set (local.get $block) (call $length (local.get $block))))

  (func (export "three_times") (result i32)
    (call $count) (call $count) (call $count) (call $show (i32.const 0x6e)) (i32.const 0))
  (func (export "removed") (result i32)
    (call $count) (call $var_set (call $byte (i32.const 0x6e)) (i64.const 0)) (call $show (i32.const 0x6e)) (i32.const 0))
  (func (export "born_variable") (result i32) (call $show (i32.const 0x62)) (i32.const 0))
  (func (export "born_block") (result i32)
    (call $output_set (global.get $made) (call $length (global.get $made))) (i32.const 0))
  (func (export "starts") (result i32)
    (call $output_set (call $byte (i32.add (i32.const 0x30) (global.get $starts))) (i64.const 1)) (i32.const 0))
  ;; a variable that is too large
  (func (export "too_much") (result i32)
    (call $var_set (call $byte (i32.const 0x6e)) (call $alloc (i64.const 1048576))) (i32.const 0))
)
