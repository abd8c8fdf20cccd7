package rule

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/squall-dev/squall/runtime/automation"
)

// jsonAdapter gives CEL the values of a payload. Whole numbers are ints, those
// that no int holds are uints or doubles.
type jsonAdapter struct{ types.Adapter }

// NativeToValue converts a value. Lists and maps are not copied.
func (a jsonAdapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case json.Number:
		return numberValue(v.String())
	case map[string]any:
		return types.NewStringInterfaceMap(a, v)
	case []any:
		return types.NewDynamicList(a, v)
	}
	return a.Adapter.NativeToValue(v)
}

func numberValue(s string) ref.Val {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return types.Int(i)
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return types.Uint(u)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return types.NewErr("%s is a number that is too large", cut(s))
	}
	return types.Double(f)
}

// storeName and readName can not be written in an expression: only the macro kv
// uses them. A function of CEL sees nothing but its arguments, so the store of
// the event at hand has to be one of them.
const (
	storeName = "@kv"
	readName  = "@read"
)

// kvLibrary declares kv("name") and kv("scope", "name").
func kvLibrary() cel.EnvOption {
	return cel.Lib(kvLib{})
}

type kvLib struct{}

// CompileOptions declares the function.
func (kvLib) CompileOptions() []cel.EnvOption {
	text := cel.StringType
	return []cel.EnvOption{
		cel.Variable(storeName, cel.DynType),
		cel.Macros(cel.GlobalMacro("kv", 1, expandKV), cel.GlobalMacro("kv", 2, expandKV)),
		cel.Function(readName, cel.Overload("kv_read", []*cel.Type{cel.DynType, text, text}, cel.DynType,
			cel.FunctionBinding(readKV))),
	}
}

// ProgramOptions has none.
func (kvLib) ProgramOptions() []cel.ProgramOption { return nil }

func expandKV(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if len(args) == 1 {
		args = []ast.Expr{f.NewLiteral(types.String(automation.ScopeSystem)), args[0]}
	}
	return f.NewCall(readName, f.NewIdent(storeName), args[0], args[1]), nil
}

// readKV reads a key; one that is not there is null.
func readKV(args ...ref.Val) ref.Val {
	store, ok := args[0].(kvStore)
	scope, okScope := args[1].(types.String)
	name, okName := args[2].(types.String)
	if !ok || !okScope || !okName {
		return types.NewErr("kv needs texts")
	}
	if store.read == nil {
		return types.NullValue
	}
	v, ok, err := store.read(string(scope), string(name))
	switch {
	case err != nil:
		return types.NewErr("kv %s of %s: %v", string(name), string(scope), err)
	case !ok:
		return types.NullValue
	}
	return types.String(v)
}

// kvStore carries the key-value store of an evaluation through CEL.
type kvStore struct {
	read func(scope, name string) (string, bool, error)
}

var _ ref.Val = kvStore{}

// ConvertToNative refuses: the store is no value.
func (kvStore) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("the key-value store is no %s", t)
}

// ConvertToType refuses: the store is no value.
func (kvStore) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("the key-value store is no %s", t.TypeName())
}

// Equal is false: no expression holds a store.
func (kvStore) Equal(ref.Val) ref.Val { return types.False }

// Type is a type of its own.
func (kvStore) Type() ref.Type { return types.NewOpaqueType("kv") }

// Value is the store.
func (s kvStore) Value() any { return s }
