package wasm

import "strings"

// build makes a module by hand: imports "module.name" of type params -> results
// (letters as in importFunc, "i:i"), a page of memory, and one exported function
// run: () -> i32 with the body given.
func build(imports []string, types string, body []byte) []byte {
	vec := func(n int, content []byte) []byte { return append([]byte{byte(n)}, content...) }
	name := func(s string) []byte { return vec(len(s), []byte(s)) }
	section := func(id byte, content []byte) []byte {
		size := len(content)
		return append([]byte{id, byte(size&0x7f | 0x80), byte(size >> 7)}, content...)
	}
	letters := func(s string) (out []byte) {
		for _, c := range s {
			out = append(out, map[rune]byte{'i': 0x7f, 'I': 0x7e}[c])
		}
		return vec(len(out), out)
	}
	params, results, _ := strings.Cut(types, ":")
	typ := append(append([]byte{0x60}, letters(params)...), letters(results)...)
	var imp []byte
	for _, im := range imports {
		at := strings.LastIndexByte(im, '.')
		imp = append(append(append(imp, name(im[:at])...), name(im[at+1:])...), 0, 0)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, vec(2, append(typ, 0x60, 0, 1, 0x7f)))...)
	out = append(out, section(2, vec(len(imports), imp))...)
	out = append(out, section(3, []byte{1, 1})...)
	out = append(out, section(5, []byte{1, 0, 1})...)
	out = append(out, section(7, append(vec(1, name("run")), 0, byte(len(imports))))...)
	size := []byte{byte(len(body)&0x7f | 0x80), byte(len(body) >> 7)}
	return append(out, section(10, vec(1, append(size, body...)))...)
}
