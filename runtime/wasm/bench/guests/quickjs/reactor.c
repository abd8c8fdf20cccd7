// QuickJS as a reactor: the interface of sdk/README.md, kind 2. The script runs
// once, before the server freezes the module; each call finds its function there.
#include <string.h>
#include "quickjs.h"

#define IMPORT(name) __attribute__((import_module("squall"), import_name(#name)))
IMPORT(input_len) int input_len(void);
IMPORT(input_read) void input_read(char *to);
IMPORT(output_write) void output_write(const char *from, int length);
IMPORT(log) void write_log(int level, const char *from, int length);

static const char script[] = {
#include "action.inc"
    0};

static JSContext *context;
static JSValue act;

static int say(int level, JSValue value) {
  size_t length;
  const char *text = JS_ToCStringLen(context, &length, value);
  if (text) write_log(level, text, length);
  JS_FreeCString(context, text);
  return 1;
}

static JSValue js_log(JSContext *c, JSValueConst this, int count, JSValueConst *values) {
  if (count > 0) say(1, values[0]);
  return JS_UNDEFINED;
}

__attribute__((constructor)) static void start(void) {
  context = JS_NewContext(JS_NewRuntime());
  JSValue global = JS_GetGlobalObject(context);
  JS_SetPropertyStr(context, global, "log", JS_NewCFunction(context, js_log, "log", 1));
  JS_FreeValue(context, JS_Eval(context, script, sizeof script - 1, "action.js", JS_EVAL_TYPE_GLOBAL));
  act = JS_GetPropertyStr(context, global, "act");
  JS_FreeValue(context, global);
}

static int perform(const char *input, size_t length) {
  JSValue argument = JS_NewStringLen(context, input, length);
  JSValue result = JS_Call(context, act, JS_UNDEFINED, 1, &argument);
  JS_FreeValue(context, argument);
  if (JS_IsException(result)) return say(3, JS_GetException(context));
  const char *output = JS_ToCStringLen(context, &length, result);
  if (!output) return 1;
  output_write(output, length);
  JS_FreeCString(context, output);
  JS_FreeValue(context, result);
  return 0;
}

static char in[65536];

__attribute__((export_name("run"))) int run(void) {
  int length = input_len();
  if (length > (int)sizeof in) return 1;
  input_read(in);
  return perform(in, length);
}

// warmup lets QuickJS make its atoms and shapes before it is frozen.
__attribute__((export_name("warmup"))) int warmup(void) {
  static const char input[] = "{\"name\":\"\",\"n\":1,\"tags\":[]}";
  JSValue argument = JS_NewStringLen(context, input, sizeof input - 1);
  JSValue result = JS_Call(context, act, JS_UNDEFINED, 1, &argument);
  JS_FreeValue(context, argument);
  int failed = JS_IsException(result);
  JS_FreeValue(context, result);
  return failed;
}
