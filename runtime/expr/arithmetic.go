package expr

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxBits bounds whole numbers that templates compute.
const maxBits = 1024

func (m *machine) add(left, right any) (any, error) {
	switch l := left.(type) {
	case string:
		if r, ok := right.(string); ok {
			return m.text(l + r)
		}
	case []any:
		if r, ok := right.([]any); ok {
			return m.concat(l, r)
		}
	}
	return arithmetic(opAdd, left, right)
}

func (m *machine) concat(a, b []any) (any, error) {
	if len(a)+len(b) > maxItems {
		return nil, errItems()
	}
	out := append(append(make([]any, 0, len(a)+len(b)), a...), b...)
	return m.collection(out)
}

func errItems() error {
	return automation.Invalid("template makes a list of more than %d items", maxItems)
}

// multiply also repeats texts and lists.
func (m *machine) multiply(left, right any) (any, error) {
	if _, ok := left.(int64); ok {
		left, right = right, left
	}
	n, ok := right.(int64)
	n = max(n, 0)
	switch l := left.(type) {
	case string:
		if ok && n > int64(maxOutput/max(len(l), 1)) {
			return nil, errOutput()
		}
		if ok {
			return m.text(strings.Repeat(l, int(n)))
		}
	case []any:
		if ok && n > int64(maxItems/max(len(l), 1)) {
			return nil, errItems()
		}
		if ok {
			return m.repeat(l, int(n))
		}
	}
	return arithmetic(opMultiply, left, right)
}

func (m *machine) repeat(list []any, n int) (any, error) {
	out := make([]any, 0, len(list)*n)
	for range n {
		out = append(out, list...)
	}
	return m.collection(out)
}

// arithmetic computes with numbers and booleans, exactly while both are whole.
func arithmetic(o operator, left, right any) (any, error) {
	x, okx := wholeNumber(left)
	y, oky := wholeNumber(right)
	if okx && oky && o != opDivide {
		return wholeArithmetic(o, x, y)
	}
	a, oka := Float(left)
	b, okb := Float(right)
	if !oka || !okb {
		return nil, automation.Invalid("can not compute with a %s and a %s", TypeName(left), TypeName(right))
	}
	return floatArithmetic(o, a, b)
}

func wholeNumber(v any) (*big.Int, bool) {
	if i, ok := smallInt(v); ok {
		return big.NewInt(i), true
	}
	if n, ok := v.(json.Number); ok && len(n) <= maxDigits {
		return new(big.Int).SetString(n.String(), 10)
	}
	return nil, false
}

func wholeArithmetic(o operator, x, y *big.Int) (any, error) {
	out := new(big.Int)
	switch o {
	case opAdd:
		out.Add(x, y)
	case opSubtract:
		out.Sub(x, y)
	case opMultiply:
		out.Mul(x, y)
	case opFloor, opModulo:
		if y.Sign() == 0 {
			return nil, errZero()
		}
		quotient, rest := floorDivide(x, y)
		out = quotient
		if o == opModulo {
			out = rest
		}
	case opPower:
		return wholePower(x, y)
	default:
		return nil, automation.Invalid("unknown operator between numbers")
	}
	return fromWhole(out)
}

func errZero() error { return automation.Invalid("division by zero") }

// floorDivide rounds down, so that the rest has the sign of y.
func floorDivide(x, y *big.Int) (quotient, rest *big.Int) {
	quotient, rest = new(big.Int).QuoRem(x, y, new(big.Int))
	if rest.Sign() != 0 && rest.Sign() != y.Sign() {
		quotient.Sub(quotient, big.NewInt(1))
		rest.Add(rest, y)
	}
	return quotient, rest
}

func wholePower(x, y *big.Int) (any, error) {
	if y.Sign() < 0 {
		a, _ := new(big.Float).SetInt(x).Float64()
		b, _ := new(big.Float).SetInt(y).Float64()
		return floatArithmetic(opPower, a, b)
	}
	if x.BitLen() <= 1 { // -1, 0 and 1: only whether the exponent is 0 or odd counts
		return fromWhole(new(big.Int).Exp(x, smallExponent(y), nil))
	}
	if !y.IsInt64() || y.Int64() > maxBits || int64(x.BitLen()-1)*y.Int64() > maxBits {
		return nil, errBits()
	}
	return fromWhole(new(big.Int).Exp(x, y, nil))
}

func smallExponent(y *big.Int) *big.Int {
	if y.Sign() == 0 {
		return y
	}
	return big.NewInt(2 - int64(y.Bit(0)))
}

func errBits() error { return automation.Invalid("template computes a number that is too large") }

func fromWhole(i *big.Int) (any, error) {
	switch {
	case i.IsInt64():
		return i.Int64(), nil
	case i.BitLen() > maxBits:
		return nil, errBits()
	}
	return json.Number(i.String()), nil
}

func floatArithmetic(o operator, a, b float64) (any, error) {
	if b == 0 && (o == opDivide || o == opFloor || o == opModulo) {
		return nil, errZero()
	}
	var f float64
	switch o {
	case opAdd:
		f = a + b
	case opSubtract:
		f = a - b
	case opMultiply:
		f = a * b
	case opDivide:
		f = a / b
	case opFloor:
		f = math.Floor(a / b)
	case opModulo:
		f = a - b*math.Floor(a/b)
	case opPower:
		f = math.Pow(a, b)
	default:
		return nil, automation.Invalid("unknown operator between numbers")
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errBits() // neither has a JSON form
	}
	return f, nil
}
