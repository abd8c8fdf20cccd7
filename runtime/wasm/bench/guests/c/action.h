// The action that all guests of the benchmark perform: JSON in, a sum, JSON out.
// No library: strings pass through as they are written, escapes and all.
#ifndef ACTION_H
#define ACTION_H

typedef struct { const char *at, *end; } text;

static void skip_space(text *t) {
  while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t' || *t->at == '\r')) t->at++;
}

static int take(text *t, char c) {
  skip_space(t);
  if (t->at == t->end || *t->at != c) return 0;
  t->at++;
  return 1;
}

static int take_string(text *t, text *out) {
  if (!take(t, '"')) return 0;
  out->at = t->at;
  while (t->at < t->end && *t->at != '"') t->at += *t->at == '\\' ? 2 : 1;
  if (t->at >= t->end) return 0;
  out->end = t->at++;
  return 1;
}

static int take_number(text *t, long long *n) {
  skip_space(t);
  const char *from = t->at;
  for (*n = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) *n = *n * 10 + (*t->at - '0');
  return t->at > from;
}

// skip_value passes over any value: it ends where a comma or a bracket that is
// not its own stands.
static int skip_value(text *t) {
  text ignored;
  for (int depth = 0; ; ) {
    skip_space(t);
    if (t->at == t->end) return 0;
    char c = *t->at;
    if (depth == 0 && (c == ',' || c == ']' || c == '}')) return 1;
    if (c == '"') {
      if (!take_string(t, &ignored)) return 0;
      continue;
    }
    if (c == '[' || c == '{') depth++;
    if (c == ']' || c == '}') depth--;
    t->at++;
  }
}

static int count_values(text *t, long long *n) {
  if (!take(t, '[')) return 0;
  for (*n = 0; !take(t, ']'); (*n)++) {
    if (*n > 0 && !take(t, ',')) return 0;
    if (!skip_value(t)) return 0;
  }
  return 1;
}

static int is(text s, const char *name) {
  while (s.at < s.end && *s.at == *name) s.at++, name++;
  return s.at == s.end && *name == 0;
}

typedef struct { text name; long long n, tags; } request;

static int parse(text t, request *r) {
  if (!take(&t, '{')) return 0;
  for (int first = 1; !take(&t, '}'); first = 0) {
    text key;
    if (!first && !take(&t, ',')) return 0;
    if (!take_string(&t, &key) || !take(&t, ':')) return 0;
    int ok = is(key, "name")   ? take_string(&t, &r->name)
             : is(key, "n")    ? take_number(&t, &r->n)
             : is(key, "tags") ? count_values(&t, &r->tags)
                               : skip_value(&t);
    if (!ok) return 0;
  }
  return 1;
}

static char *put(char *out, text s) {
  while (s.at < s.end) *out++ = *s.at++;
  return out;
}

#define PUT(out, literal) put(out, (text){literal, &literal[sizeof literal - 1]})

static char *put_number(char *out, long long n) {
  char digits[24], *d = digits;
  do *d++ = '0' + n % 10; while (n /= 10);
  while (d > digits) *out++ = *--d;
  return out;
}

#define NOTHING "nothing to sum"

// act writes the output and returns its length, or -1 for an input that it does
// not understand. The output is at most 100 bytes longer than the input. n is what
// the action sums up to: at 0 it is worth a line in the log.
static int act(const char *in, int length, char *out, long long *n) {
  request r = {{0, 0}, 0, 0};
  if (!parse((text){in, in + length}, &r)) return -1;
  long long sum = 0;
  for (long long k = 1; k <= r.n; k++) {
    sum += k;
    __asm__ volatile("" : "+r"(sum)); // or the compiler finds the formula
  }
  *n = r.n;
  char *p = PUT(out, "{\"greeting\":\"Hello, ");
  p = put(p, r.name);
  p = put_number(PUT(p, "\",\"sum\":"), sum);
  p = put_number(PUT(p, ",\"tags\":"), r.tags);
  return PUT(p, "}") - out;
}

enum { MAX_INPUT = 65536, MAX_OUTPUT = MAX_INPUT + 100 };

#endif
