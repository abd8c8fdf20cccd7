//! The plugin of visit.c in Rust, against the ABI as it is.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[link(wasm_import_module = "extism:host/env")]
extern "C" {
    fn alloc(n: u64) -> u64;
    fn length(offset: u64) -> u64;
    fn length_unsafe(offset: u64) -> u64;
    fn load_u8(offset: u64) -> u32;
    fn store_u8(offset: u64, v: u32);
    fn store_u64(offset: u64, v: u64);
    fn input_length() -> u64;
    fn input_load_u8(offset: u64) -> u32;
    fn output_set(offset: u64, n: u64);
    fn error_set(offset: u64);
    fn config_get(name: u64) -> u64;
    fn var_get(name: u64) -> u64;
    fn var_set(name: u64, value: u64);
    fn log_info(message: u64);
    fn log_warn(message: u64);
}

/// Text is what is written so far; what does not fit is left out.
struct Text {
    bytes: [u8; 4096],
    used: usize,
}

impl Text {
    fn new() -> Text {
        Text { bytes: [0; 4096], used: 0 }
    }

    fn byte(&mut self, b: u8) {
        if let Some(at) = self.bytes.get_mut(self.used) {
            *at = b;
            self.used += 1;
        }
    }

    fn add(&mut self, s: &str) {
        s.bytes().for_each(|b| self.byte(b));
    }

    fn number(&mut self, n: u32) {
        if n >= 10 {
            self.number(n / 10);
        }
        self.byte(b'0' + (n % 10) as u8);
    }

    fn block(&mut self, at: u64) {
        unsafe { (0..length(at)).for_each(|i| self.byte(load_u8(at + i) as u8)) }
    }

    fn handle(&self) -> u64 {
        block(&self.bytes[..self.used])
    }
}

fn block(b: &[u8]) -> u64 {
    unsafe {
        let mut at = alloc(b.len() as u64);
        let start = at;
        let eights = b.chunks_exact(8);
        let rest = eights.remainder();
        for c in eights {
            store_u64(at, u64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]]));
            at += 8;
        }
        for c in rest {
            store_u8(at, *c as u32);
            at += 1;
        }
        start
    }
}

fn count() -> u32 {
    unsafe {
        let at = var_get(block(b"visits"));
        let digits = if at == 0 { 0 } else { length_unsafe(at) };
        let n = (0..digits).fold(0, |n, i| n * 10 + load_u8(at + i) - 48) + 1;
        let mut text = Text::new();
        text.number(n);
        var_set(block(b"visits"), text.handle());
        n
    }
}

#[no_mangle]
pub extern "C" fn visit() -> i32 {
    unsafe {
        let n = input_length();
        if n == 0 {
            log_warn(block(b"nobody came"));
            error_set(block(b"there is nobody to greet"));
            return 1;
        }
        count();
        let visits = count();
        log_info(block(b"a visit"));
        let mut out = Text::new();
        out.add("{\"greeting\":\"");
        out.block(config_get(block(b"greeting")));
        out.add("\",\"name\":\"");
        (0..n).for_each(|i| out.byte(input_load_u8(i) as u8));
        out.add("\",\"visits\":");
        out.number(visits);
        out.add("}");
        output_set(out.handle(), out.used as u64);
    }
    0
}
