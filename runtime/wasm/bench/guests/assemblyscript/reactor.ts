// The action as a reactor: the interface of sdk/README.md, kind 2.
import { act, NOTHING } from "./action";

@external("squall", "input_len") declare function inputLength(): i32;
@external("squall", "input_read") declare function inputRead(to: usize): void;
@external("squall", "output_write") declare function outputWrite(from: usize, length: i32): void;
@external("squall", "log") declare function writeLog(level: i32, from: usize, length: i32): void;

export function run(): i32 {
  const input = new ArrayBuffer(inputLength());
  inputRead(changetype<usize>(input));
  const answer = act(String.UTF8.decode(input));
  const text = answer.output;
  if (text == null) return 1;
  if (answer.n == 0) {
    const line = String.UTF8.encode(NOTHING);
    writeLog(1, changetype<usize>(line), line.byteLength);
  }
  const output = String.UTF8.encode(text);
  outputWrite(changetype<usize>(output), output.byteLength);
  return 0;
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
