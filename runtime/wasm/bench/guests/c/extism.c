// The action as an Extism plugin, written against Extism's public interface.
#include "action.h"

typedef unsigned long long u64;
#define IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(#name)))
IMPORT(input_length) u64 input_length(void);
IMPORT(input_load_u64) u64 input_load_u64(u64 at);
IMPORT(input_load_u8) int input_load_u8(u64 at);
IMPORT(alloc) u64 alloc(u64 length);
IMPORT(store_u64) void store_u64(u64 at, u64 value);
IMPORT(store_u8) void store_u8(u64 at, int value);
IMPORT(output_set) void output_set(u64 at, u64 length);
IMPORT(log_info) void log_info(u64 at);

static char in[MAX_INPUT], out[MAX_OUTPUT];

static void load(char *to, u64 length) {
  u64 i = 0;
  for (; i + 8 <= length; i += 8) *(u64 *)(to + i) = input_load_u64(i);
  for (; i < length; i++) to[i] = input_load_u8(i);
}

static u64 keep(const char *from, u64 length) {
  u64 at = alloc(length), i = 0;
  for (; i + 8 <= length; i += 8) store_u64(at + i, *(const u64 *)(from + i));
  for (; i < length; i++) store_u8(at + i, from[i]);
  return at;
}

__attribute__((export_name("run"))) int run(void) {
  u64 length = input_length();
  if (length > MAX_INPUT) return 1;
  load(in, length);
  long long n;
  int written = act(in, length, out, &n);
  if (written < 0) return 1;
  if (n == 0) log_info(keep(NOTHING, sizeof NOTHING - 1));
  output_set(keep(out, written), written);
  return 0;
}
