;; The smallest plugins: input to output, with functions of both types.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (memory (export "memory") 1)

  (func $copy
    (local $i i64) (local $n i64) (local $block i64)
    (local.set $n (call $input_length))
    (local.set $block (call $alloc (local.get $n)))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
      (call $store_u8 (i64.add (local.get $block) (local.get $i)) (call $input_load_u8 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (call $output_set (local.get $block) (local.get $n)))

  (func (export "echo") (result i32) (call $copy) (i32.const 0))
  (func (export "returns_nothing") (call $copy))
  (func (export "silent") (result i32) (i32.const 0))
  ;; memory without end, in the kernel
  (func (export "hoard") (result i32)
    (loop $more
      (br_if $more (i64.ne (call $alloc (i64.const 1000000)) (i64.const 0))))
    (i32.const 1))
  ;; and in both memories, by turns
  (func (export "hoard_both") (result i32)
    (loop $more
      (br_if $more (i32.and
        (i64.ne (call $alloc (i64.const 65536)) (i64.const 0))
        (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))
    (i32.const 1))
  ;; work without end, in the kernel: every look at the length walks a long list
  (func (export "toil") (result i32)
    (local $i i32) (local $last i64)
    (loop $more
      (local.set $last (call $alloc (i64.const 1)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
    (loop $ever
      (drop (call $length (local.get $last)))
      (br $ever))
    (unreachable))
  (func (export "_start") (unreachable)) ;; as in TinyGo's plugins; nobody calls it
)
