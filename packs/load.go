package packs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/wasm"
)

// engine makes code ready to run; *wasm.Engine implements it.
type engine interface {
	Describe(code []byte) (wasm.Info, error)
	Load(ctx context.Context, name string, code []byte) (*wasm.Module, error)
}

// LoaderOptions are what a loader is made of. Engine is required.
type LoaderOptions struct {
	Engine engine
	// HostFuncs are the functions that this server offers.
	HostFuncs hostfuncs.Set
	// Config is what the operator configured, by pack name.
	Config map[string]map[string]any
	// CheckTrigger tells what is wrong with the trigger parameters of a rule, beyond
	// what a schema can say; nil accepts all.
	CheckTrigger func(trigger automation.Ref, parameters map[string]any) error
	// CheckWebhook finds the secrets of a webhook and tells what is wrong with it; note
	// says why it has no effect. nil accepts all, and finds no secrets.
	CheckWebhook func(w Webhook) (secrets []string, note string, err error)
	// Logger may be nil.
	Logger *slog.Logger

	// Both stand in for Engine in tests.
	inspectFunc func(code []byte) (wasm.Info, error)
	compileFunc func(ctx context.Context, name string, code []byte) (compiled, error)
}

// Loader does everything about a pack that can fail. It is safe for concurrent
// use and holds no pack itself.
type Loader struct {
	hostFuncs   hostfuncs.Set
	config      map[string]map[string]any
	inspectFunc func(code []byte) (wasm.Info, error)
	checkFunc   func(trigger automation.Ref, parameters map[string]any) error
	webhookFunc func(w Webhook) (secrets []string, note string, err error)
	shelf       *shelf
	log         *slog.Logger
}

// NewLoader makes a loader.
func NewLoader(o LoaderOptions) (*Loader, error) {
	if o.compileFunc == nil {
		if o.Engine == nil {
			return nil, errors.New("packs: LoaderOptions.Engine is missing")
		}
		o.inspectFunc, o.compileFunc = o.Engine.Describe, compileWith(o.Engine)
	}
	return &Loader{
		hostFuncs: o.HostFuncs, config: o.Config, inspectFunc: o.inspectFunc, checkFunc: o.CheckTrigger, webhookFunc: o.CheckWebhook,
		shelf: newShelf(o.compileFunc), log: component(o.Logger),
	}, nil
}

// compileWith hides the engine's concrete module, and its nil when there is none.
func compileWith(e engine) func(ctx context.Context, name string, code []byte) (compiled, error) {
	return func(ctx context.Context, name string, code []byte) (compiled, error) {
		m, err := e.Load(ctx, name, code)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

func component(log *slog.Logger) *slog.Logger {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return log.With("component", "packs")
}

// Load reads, checks and compiles a pack. folder names it unless pack.yaml has a
// ref; where is shown to people. fsys is trusted not to lead out of the pack's
// folder: an os.Root keeps that promise, os.DirFS does not.
//
// The error joins everything that is wrong; problems of the files are of kind
// ErrInvalid.
func (l *Loader) Load(ctx context.Context, folder string, fsys fs.FS, where string) (*Pack, error) {
	files, err := readAll(fsys)
	if err == nil {
		err = files.verify()
	}
	if err != nil {
		return nil, err
	}
	p, errs := files.read(folder, where)
	if err := files.unpack(); err != nil {
		errs = append(errs, err)
	} else {
		errs = append(errs, p.locate(files)...)
	}
	if len(errs) == 0 {
		errs = l.check(ctx, p, files)
	}
	if len(errs) == 0 {
		return p, nil
	}
	if err := p.Close(context.WithoutCancel(ctx)); err != nil {
		errs = append(errs, err)
	}
	return nil, joined(errs)
}

// check does what needs the server: configuration, rules, modules. No code is
// compiled, and so none is started, before everything else has passed.
func (l *Loader) check(ctx context.Context, p *Pack, files contents) []error {
	var errs []error
	config, err := configure(p.Name, p.ConfigSchema, l.config[p.Name])
	p.Config, errs = config, add(errs, err)
	_, err = rule.Compile(p.Rules)
	errs = append(add(errs, err), l.checkParameters(p.Rules)...)
	errs = append(errs, l.checkWebhooks(p)...)
	kinds := map[string]wasm.Kind{}
	for _, file := range p.entryPoints() {
		info, err := l.inspectFunc(files[file])
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", file, err))
			continue
		}
		p.infos[file] = info
		kinds[file] = info.Kind
		errs = append(errs, l.checkImports(p, file, info)...)
		errs = append(errs, p.checkExports(file, info)...)
	}
	errs = append(errs, p.checkPlugins(kinds)...)
	p.configurePlugins(l.config[p.Name])
	if len(errs) == 0 {
		errs = add(errs, l.compile(ctx, p, files))
	}
	return errs
}

// checkParameters refuses rules whose trigger could never fire.
func (l *Loader) checkParameters(rules []automation.Rule) []error {
	if l.checkFunc == nil {
		return nil
	}
	var errs []error
	for i := range rules {
		r := &rules[i]
		if err := l.checkFunc(r.Trigger.Type, r.Trigger.Parameters); err != nil {
			e := invalid("%s: rule %s: trigger %s", place(r.Position), r.Ref(), r.Trigger.Type).Because(err)
			e.Hint = hintOf(err)
			errs = append(errs, e)
		}
	}
	return errs
}

// compile makes every module of the pack ready to run.
func (l *Loader) compile(ctx context.Context, p *Pack, files contents) error {
	for _, file := range p.entryPoints() {
		began := time.Now()
		m, err := l.shelf.take(ctx, p.Name, file, files[file])
		if err != nil {
			return err
		}
		p.modules[file] = m
		if err := l.prepare(ctx, p, file, m); err != nil {
			return err
		}
		l.log.Debug("module ready", "pack", p.Name, "module", file, "dur", time.Since(began))
	}
	return nil
}

// prepare starts what an action's first call would have to wait for. That it could
// not is no reason to refuse the pack: the call will tell.
func (l *Loader) prepare(ctx context.Context, p *Pack, file string, m *module) error {
	for _, a := range p.runnable() {
		if a.EntryPoint != file {
			continue
		}
		if err := m.Prepare(ctx, a.Export); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return fmt.Errorf("prepare %s: %w", a.Ref(), cause)
			}
			l.log.Warn(p.kindOf(a)+" could not be prepared; its first call starts it", "pack", p.Name, p.kindOf(a), a.Name, "err", err)
		}
	}
	return nil
}

// defaultEntryPoint serves actions that name no file.
const defaultEntryPoint = "pack.wasm"

// locate finds the module of every action: StackStorm counts entry points from
// the actions folder, ours may also lie beside pack.yaml.
func (p *Pack) locate(files contents) []error {
	var errs []error
	read := map[string]plugin{}
	for _, a := range p.runnable() {
		name := a.EntryPoint
		if name == "" {
			name = defaultEntryPoint
		}
		file, found := files.entryPoint(path.Clean(name))
		if !found {
			errs = append(errs, missingModule(a, name, files))
			continue
		}
		a.EntryPoint = file
		if isPluginManifest(file) {
			errs = append(errs, p.locatePlugin(a, files, read)...)
		}
	}
	return errs
}

// locatePlugin finds the module behind an Extism manifest, which is read once
// however many actions name it.
func (p *Pack) locatePlugin(a *automation.Action, files contents, read map[string]plugin) []error {
	use, known := read[a.EntryPoint]
	if !known {
		var err error
		if use, err = readPlugin(a.EntryPoint, files); err != nil {
			read[a.EntryPoint] = plugin{}
			return []error{err}
		}
		read[a.EntryPoint] = use
		p.noteIgnored(use)
	}
	if use.module != "" { // else that has been said
		p.usePlugin(a, use)
	}
	return nil
}

// entryPoint finds a module or an Extism manifest.
func (c contents) entryPoint(name string) (string, bool) {
	for _, file := range []string{name, path.Join("actions", name), path.Join("sensors", name)} {
		if _, there := c[file]; there && (path.Ext(file) == ".wasm" || isPluginManifest(file)) {
			return file, true
		}
	}
	return "", false
}

func missingModule(a *automation.Action, name string, files contents) error {
	e := invalid("%s: the module %q of action %q is not there", place(a.Position), name, a.Name)
	var modules []string
	for file := range files {
		if path.Ext(file) == ".wasm" {
			modules = append(modules, file)
		}
	}
	if len(modules) == 0 {
		return e.WithHint("build the pack's code to %s, beside %s", name, manifestFile)
	}
	slices.Sort(modules)
	return e.WithHint("set entry_point to one of: %s", strings.Join(modules, ", "))
}

func place(p automation.Position) string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// entryPoints are the module files that actions use. Others are not compiled.
func (p *Pack) entryPoints() []string {
	files := map[string]bool{}
	for _, a := range p.runnable() {
		files[a.EntryPoint] = true
	}
	return slices.Sorted(maps.Keys(files))
}

// checkImports compares what a module can call with what its pack asks for.
func (l *Loader) checkImports(p *Pack, file string, info wasm.Info) []error {
	var errs []error
	for _, name := range info.HostFunctions {
		f, ok := l.hostFuncs[name]
		if !ok {
			errs = append(errs, invalid("%s imports the host function %s, which this server does not have%s",
				file, name, didYouMean(name, slices.Sorted(maps.Keys(l.hostFuncs)))))
			continue
		}
		if err := f.Granted(p.Manifest.Capabilities); err != nil {
			e := invalid("%s imports the host function %s, which %s does not ask for", file, name, manifestFile).
				WithCode("missing_capability").Because(err)
			e.Hint = hintOf(err)
			errs = append(errs, e)
		}
	}
	return errs
}

// checkExports compares declared actions with what their module offers. A command
// serves any action: it learns the name when it starts.
func (p *Pack) checkExports(file string, info wasm.Info) []error {
	if info.Kind == wasm.Command {
		return nil
	}
	var errs []error
	for _, a := range p.runnable() {
		if a.EntryPoint == file && !slices.Contains(info.Exports, a.Export) {
			errs = append(errs, invalid("%s: %s does not export a function %q for %s %q%s",
				place(a.Position), file, a.Export, p.kindOf(a), a.Name, didYouMean(a.Export, info.Exports)).
				WithHint("%s exports: %s", file, strings.Join(info.Exports, ", ")))
		}
	}
	return errs
}
