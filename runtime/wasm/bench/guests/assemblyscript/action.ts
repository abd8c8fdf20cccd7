// The action that all guests of the benchmark perform: JSON in, a sum, JSON out.
// No library: strings pass through as they are written, escapes and all.

export const NOTHING = "nothing to sum";

/** What the action says: its output (null: the input was not understood), and how far it summed. */
export class Answer {
  constructor(public output: string | null, public n: i64) {}
}

const QUOTE: i32 = 0x22, COMMA: i32 = 0x2c, COLON: i32 = 0x3a, BACKSLASH: i32 = 0x5c;
const OPEN_LIST: i32 = 0x5b, CLOSE_LIST: i32 = 0x5d, OPEN: i32 = 0x7b, CLOSE: i32 = 0x7d;

class Reader {
  at: i32 = 0;
  failed: bool = false;
  constructor(private text: string) {}

  peek(): i32 {
    const length = this.text.length;
    while (this.at < length) {
      const c = this.text.charCodeAt(this.at);
      if (c != 0x20 && c != 0x0a && c != 0x09 && c != 0x0d) return c;
      this.at++;
    }
    this.failed = true;
    return -1;
  }

  take(c: i32): bool {
    if (this.peek() != c) return false;
    this.at++;
    return true;
  }

  want(c: i32): void {
    if (!this.take(c)) this.failed = true;
  }

  string(): string {
    this.want(QUOTE);
    const from = this.at;
    return this.pass() ? this.text.substring(from, this.at - 1) : "";
  }

  // pass goes on behind the end of a string.
  pass(): bool {
    const length = this.text.length;
    while (this.at < length) {
      const c = this.text.charCodeAt(this.at++);
      if (c == QUOTE) return true;
      if (c == BACKSLASH) this.at++;
    }
    this.failed = true;
    return false;
  }

  number(): i64 {
    this.peek();
    const length = this.text.length;
    let n: i64 = 0;
    for (; this.at < length; this.at++) {
      const c = this.text.charCodeAt(this.at);
      if (c < 0x30 || c > 0x39) break;
      n = n * 10 + (c - 0x30);
    }
    return n;
  }

  // skip passes over any value: it ends where a comma or a bracket that is not
  // its own stands.
  skip(): void {
    for (let depth = 0; !this.failed;) {
      const c = this.peek();
      if (depth == 0 && (c == COMMA || c == CLOSE_LIST || c == CLOSE)) return;
      this.at++;
      if (c == QUOTE) this.pass();
      else if (c == OPEN_LIST || c == OPEN) depth++;
      else if (c == CLOSE_LIST || c == CLOSE) depth--;
    }
  }

  count(): i32 {
    let n = 0;
    for (this.want(OPEN_LIST); !this.failed && !this.take(CLOSE_LIST); n++) {
      if (n > 0) this.want(COMMA);
      this.skip();
    }
    return n;
  }
}

export function act(input: string): Answer {
  const t = new Reader(input);
  let name = "", n: i64 = 0, tags = 0;
  t.want(OPEN);
  for (let first = true; !t.failed && !t.take(CLOSE); first = false) {
    if (!first) t.want(COMMA);
    const key = t.string();
    t.want(COLON);
    if (key == "name") name = t.string();
    else if (key == "n") n = t.number();
    else if (key == "tags") tags = t.count();
    else t.skip();
  }
  if (t.failed) return new Answer(null, 0);
  let sum: i64 = 0;
  for (let k: i64 = 1; k <= n; k++) sum += k;
  return new Answer('{"greeting":"Hello, ' + name + '","sum":' + sum.toString() + ',"tags":' + tags.toString() + "}", n);
}
