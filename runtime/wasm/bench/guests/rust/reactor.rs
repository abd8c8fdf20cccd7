//! The action as a reactor: the interface of sdk/README.md, kind 2.

mod action;

#[link(wasm_import_module = "squall")]
extern "C" {
    fn input_len() -> usize;
    fn input_read(to: *mut u8);
    fn output_write(from: *const u8, length: usize);
    fn log(level: u32, from: *const u8, length: usize);
}

#[no_mangle]
pub extern "C" fn run() -> i32 {
    let mut input = vec![0; unsafe { input_len() }];
    unsafe { input_read(input.as_mut_ptr()) };
    let answer = match action::act(&input) {
        Some(answer) => answer,
        None => return 1,
    };
    if let Some(line) = answer.log {
        unsafe { log(1, line.as_ptr(), line.len()) };
    }
    unsafe { output_write(answer.output.as_ptr(), answer.output.len()) };
    0
}
