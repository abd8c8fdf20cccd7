package main

import (
	"context"
	"fmt"
	"strings"

	extism "github.com/extism/go-sdk"
)

// goSDK performs the action as users of extism/go-sdk would: what is "fresh c" or
// "reused c". The module is compiled once either way.
func (b *bench) goSDK(ctx context.Context, what string) (func() ([]byte, error), error) {
	how, language, _ := strings.Cut(what, " ")
	code, err := b.read(language+"-extism.wasm", "the tools of its language")
	if err != nil {
		return nil, err
	}
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: code}}}
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{EnableWasi: true}, nil)
	if err != nil {
		return nil, fmt.Errorf("compile with go-sdk: %w", err)
	}
	b.closers = append(b.closers, func() { _ = compiled.Close(ctx) })
	if how == "fresh" {
		return func() ([]byte, error) { return freshPlugin(ctx, compiled) }, nil
	}
	p, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		return nil, fmt.Errorf("instantiate with go-sdk: %w", err)
	}
	b.closers = append(b.closers, func() { _ = p.Close(ctx) })
	return func() ([]byte, error) { return callPlugin(ctx, p) }, nil
}

func freshPlugin(ctx context.Context, compiled *extism.CompiledPlugin) ([]byte, error) {
	p, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close(ctx) }()
	return callPlugin(ctx, p)
}

func callPlugin(ctx context.Context, p *extism.Plugin) ([]byte, error) {
	code, output, err := p.CallWithContext(ctx, "run", []byte(input))
	if err == nil && code != 0 {
		err = fmt.Errorf("the plugin returned %d", code)
	}
	return output, err
}
