;; A sensor as a WASI command: whatever it is asked, it has found one thing, whose
;; payload is the question, and says that it has come to 7.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "{\"events\":[{\"trigger\":\"seen\",\"payload\":")
  (data (i32.const 128) "}],\"cursor\":7}")
  (func $put (param $at i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 32768))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
    (call $put (i32.const 64) (i32.const 39))
    (call $put (i32.const 1024) (i32.load (i32.const 16)))
    (call $put (i32.const 128) (i32.const 14))))
