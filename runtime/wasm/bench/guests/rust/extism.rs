//! The action as an Extism plugin, written against Extism's public interface.

mod action;

#[link(wasm_import_module = "extism:host/env")]
extern "C" {
    fn input_length() -> u64;
    fn input_load_u64(at: u64) -> u64;
    fn input_load_u8(at: u64) -> u32;
    fn alloc(length: u64) -> u64;
    fn store_u64(at: u64, value: u64);
    fn store_u8(at: u64, value: u32);
    fn output_set(at: u64, length: u64);
    fn log_info(at: u64);
}

fn load() -> Vec<u8> {
    let length = unsafe { input_length() };
    let mut input = Vec::with_capacity(length as usize);
    while input.len() as u64 + 8 <= length {
        input.extend_from_slice(&unsafe { input_load_u64(input.len() as u64) }.to_le_bytes());
    }
    while (input.len() as u64) < length {
        input.push(unsafe { input_load_u8(input.len() as u64) } as u8);
    }
    input
}

fn keep(bytes: &[u8]) -> u64 {
    let start = unsafe { alloc(bytes.len() as u64) };
    let (mut at, words) = (start, bytes.chunks_exact(8));
    let rest = words.remainder();
    for word in words {
        let mut value = [0; 8];
        value.copy_from_slice(word);
        unsafe { store_u64(at, u64::from_le_bytes(value)) };
        at += 8;
    }
    for byte in rest {
        unsafe { store_u8(at, *byte as u32) };
        at += 1;
    }
    start
}

#[no_mangle]
pub extern "C" fn run() -> i32 {
    let answer = match action::act(&load()) {
        Some(answer) => answer,
        None => return 1,
    };
    if let Some(line) = answer.log {
        unsafe { log_info(keep(line.as_bytes())) };
    }
    unsafe { output_set(keep(answer.output.as_bytes()), answer.output.len() as u64) };
    0
}
