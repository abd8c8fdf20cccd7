// The action as an Extism plugin, written against Extism's public interface.
import { act, NOTHING } from "./action";

@external("extism:host/env", "input_length") declare function inputLength(): u64;
@external("extism:host/env", "input_load_u64") declare function inputLoad64(at: u64): u64;
@external("extism:host/env", "input_load_u8") declare function inputLoad8(at: u64): u8;
@external("extism:host/env", "alloc") declare function alloc(length: u64): u64;
@external("extism:host/env", "store_u64") declare function store64(at: u64, value: u64): void;
@external("extism:host/env", "store_u8") declare function store8(at: u64, value: u8): void;
@external("extism:host/env", "output_set") declare function outputSet(at: u64, length: u64): void;
@external("extism:host/env", "log_info") declare function logInfo(at: u64): void;

function fetch(): ArrayBuffer {
  const length = <u32>inputLength(), input = new ArrayBuffer(length), to = changetype<usize>(input);
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + i, inputLoad64(i));
  for (; i < length; i++) store<u8>(to + i, inputLoad8(i));
  return input;
}

function keep(bytes: ArrayBuffer): u64 {
  const from = changetype<usize>(bytes), length = <u32>bytes.byteLength, at = alloc(length);
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) store64(at + i, load<u64>(from + i));
  for (; i < length; i++) store8(at + i, load<u8>(from + i));
  return at;
}

export function run(): i32 {
  const answer = act(String.UTF8.decode(fetch()));
  const text = answer.output;
  if (text == null) return 1;
  if (answer.n == 0) logInfo(keep(String.UTF8.encode(NOTHING)));
  const output = String.UTF8.encode(text);
  outputSet(keep(output), output.byteLength);
  return 0;
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
