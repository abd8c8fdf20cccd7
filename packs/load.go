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

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/wasm"
)

// engine makes code ready to run; *wasm.Engine implements it.
type engine interface {
	Load(ctx context.Context, name string, code []byte) (*wasm.Module, error)
}

// LoaderOptions are what a loader is made of. Engine is required.
type LoaderOptions struct {
	Engine engine
	// HostFuncs are the functions that this server offers.
	HostFuncs hostfuncs.Set
	// Config is what the operator configured, by pack name.
	Config map[string]map[string]any
	// Logger may be nil.
	Logger *slog.Logger

	// compileFunc stands in for Engine in tests.
	compileFunc func(ctx context.Context, name string, code []byte) (compiled, error)
}

// Loader does everything about a pack that can fail. It is safe for concurrent
// use and holds no pack itself.
type Loader struct {
	hostFuncs hostfuncs.Set
	config    map[string]map[string]any
	shelf     *shelf
	log       *slog.Logger
}

// NewLoader makes a loader.
func NewLoader(o LoaderOptions) (*Loader, error) {
	if o.compileFunc == nil {
		if o.Engine == nil {
			return nil, errors.New("packs: LoaderOptions.Engine is missing")
		}
		o.compileFunc = compileWith(o.Engine)
	}
	return &Loader{
		hostFuncs: o.HostFuncs, config: o.Config,
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
	if err != nil {
		return nil, err
	}
	p, errs := files.read(folder, where)
	errs = append(errs, p.locate(files)...)
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

// check does what needs the server: configuration, rules, modules.
func (l *Loader) check(ctx context.Context, p *Pack, files contents) []error {
	var errs []error
	config, err := configure(p.Name, p.ConfigSchema, l.config[p.Name])
	p.Config, errs = config, add(errs, err)
	if _, err := rule.Compile(p.Rules); err != nil {
		errs = append(errs, err)
	}
	for _, file := range p.entryPoints() {
		m, err := l.shelf.take(ctx, p.Name, file, files[file])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.modules[file] = m
		errs = append(errs, l.checkImports(p, file, m.Info())...)
	}
	return append(errs, p.checkExports()...)
}

// defaultEntryPoint serves actions that name no file.
const defaultEntryPoint = "pack.wasm"

// locate finds the module of every action: StackStorm counts entry points from
// the actions folder, ours may also lie beside pack.yaml.
func (p *Pack) locate(files contents) []error {
	var errs []error
	for i := range p.Actions {
		a := &p.Actions[i]
		name := a.EntryPoint
		if name == "" {
			name = defaultEntryPoint
		}
		a.EntryPoint = path.Clean(name)
		_, beside := files[a.EntryPoint]
		_, inActions := files[path.Join("actions", a.EntryPoint)]
		switch {
		case beside && path.Ext(a.EntryPoint) == ".wasm":
		case inActions && path.Ext(a.EntryPoint) == ".wasm":
			a.EntryPoint = path.Join("actions", a.EntryPoint)
		default:
			errs = append(errs, missingModule(a, name, files))
		}
	}
	return errs
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
	for _, a := range p.Actions {
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

// checkExports compares declared actions with what their modules offer. A command
// serves any action: it learns the name when it starts.
func (p *Pack) checkExports() []error {
	var errs []error
	for _, a := range p.Actions {
		m := p.modules[a.EntryPoint]
		if m == nil { // did not compile, which has been said
			continue
		}
		info := m.Info()
		if info.Kind == wasm.Command || slices.Contains(info.Exports, a.Export) {
			continue
		}
		errs = append(errs, invalid("%s: %s does not export a function %q for action %q%s",
			place(a.Position), a.EntryPoint, a.Export, a.Name, didYouMean(a.Export, info.Exports)).
			WithHint("%s exports: %s", a.EntryPoint, strings.Join(info.Exports, ", ")))
	}
	return errs
}
