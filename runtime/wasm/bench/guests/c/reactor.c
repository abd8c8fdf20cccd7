// The action as a reactor: the interface of sdk/README.md, kind 2.
#include "action.h"

#define IMPORT(name) __attribute__((import_module("squall"), import_name(#name)))
IMPORT(input_len) int input_len(void);
IMPORT(input_read) void input_read(char *to);
IMPORT(output_write) void output_write(const char *from, int length);
IMPORT(log) void write_log(int level, const char *from, int length);

static char in[MAX_INPUT], out[MAX_OUTPUT];

__attribute__((export_name("run"))) int run(void) {
  int length = input_len();
  if (length > MAX_INPUT) return 1;
  input_read(in);
  long long n;
  length = act(in, length, out, &n);
  if (length < 0) return 1;
  if (n == 0) write_log(1, NOTHING, sizeof NOTHING - 1);
  output_write(out, length);
  return 0;
}
