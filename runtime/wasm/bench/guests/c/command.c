// The action as an ordinary program, for WASI and for the machine itself.
#include <unistd.h>
#include "action.h"

static char in[MAX_INPUT], out[MAX_OUTPUT];

int main(void) {
  int length = 0;
  for (ssize_t got; length < MAX_INPUT && (got = read(0, in + length, MAX_INPUT - length)) > 0;) length += got;
  long long n;
  length = act(in, length, out, &n);
  if (length < 0) return 1;
  if (n == 0 && write(2, NOTHING "\n", sizeof NOTHING) < 0) return 1;
  return write(1, out, length) == length ? 0 : 1;
}
