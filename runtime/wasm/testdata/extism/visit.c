// The plugin that visit.rs, visit.ts and goplugin are too: it greets as configured,
// counts its visits in a variable and fails for an empty input. Freestanding C.
typedef unsigned long long handle;

#define IMPORT(name) __attribute__((import_module("extism:host/env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(alloc) handle alloc(handle);
IMPORT(free) void release(handle);
IMPORT(length) handle length(handle);
IMPORT(load_u8) unsigned load_u8(handle);
IMPORT(store_u8) void store_u8(handle, unsigned);
IMPORT(store_u64) void store_u64(handle, unsigned long long);
IMPORT(input_length) handle input_length(void);
IMPORT(input_load_u8) unsigned input_load_u8(handle);
IMPORT(input_load_u64) unsigned long long input_load_u64(handle);
IMPORT(output_set) void output_set(handle, handle);
IMPORT(error_set) void error_set(handle);
IMPORT(config_get) handle config_get(handle);
IMPORT(var_get) handle var_get(handle);
IMPORT(var_set) void var_set(handle, handle);
IMPORT(log_info) void log_info(handle);
IMPORT(log_warn) void log_warn(handle);

static char text[4096];
static unsigned used;

static void add_byte(char c) {
	if (used < sizeof text) text[used++] = c;
}

static void add(const char *s) {
	while (*s) add_byte(*s++);
}

static void add_number(unsigned n) {
	if (n >= 10) add_number(n / 10);
	add_byte('0' + n % 10);
}

static void add_block(handle h) {
	handle n = length(h);
	for (handle i = 0; i < n; i++) add_byte(load_u8(h + i));
}

// block copies bytes into the kernel's memory, eight at a time.
static handle block(const char *s, unsigned n) {
	handle h = alloc(n);
	unsigned i = 0;
	for (; i + 8 <= n; i += 8) {
		unsigned long long v = 0;
		for (int b = 7; b >= 0; b--) v = v << 8 | (unsigned char)s[i + b];
		store_u64(h + i, v);
	}
	for (; i < n; i++) store_u8(h + i, s[i]);
	return h;
}

static handle string(const char *s) {
	unsigned n = 0;
	while (s[n]) n++;
	return block(s, n);
}

static unsigned count(void) {
	unsigned n = 0;
	handle h = var_get(string("visits"));
	for (handle i = 0; h && i < length(h); i++) n = n * 10 + load_u8(h + i) - '0';
	used = 0;
	add_number(n + 1);
	var_set(string("visits"), block(text, used));
	return n + 1;
}

EXPORT(visit) int visit(void) {
	handle n = input_length();
	if (n == 0) {
		log_warn(string("nobody came"));
		error_set(string("there is nobody to greet"));
		return 1;
	}
	count();
	unsigned visits = count();
	log_info(string("a visit"));
	used = 0;
	add("{\"greeting\":\"");
	handle greeting = config_get(string("greeting"));
	if (greeting) add_block(greeting);
	release(greeting);
	add("\",\"name\":\"");
	handle i = 0;
	for (; i + 8 <= n; i += 8) {
		unsigned long long v = input_load_u64(i);
		for (int b = 0; b < 8; b++, v >>= 8) add_byte((char)v);
	}
	for (; i < n; i++) add_byte(input_load_u8(i));
	add("\",\"visits\":");
	add_number(visits);
	add("}");
	output_set(block(text, used), used);
	return 0;
}
