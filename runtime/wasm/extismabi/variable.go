package extismabi

import (
	"bytes"
	"errors"
)

const (
	maxVars = 1 << 20 // bytes of all variables together, the reference's default
	varCost = 40      // what a variable counts beyond its name and value, as in go-sdk
)

var errVarsFull = errors.New("the variables would take 1 MiB or more")

// VarGet puts the value of a variable into a new block. Zero means that it is not
// set, or empty. The block with its name is freed.
func (k *Kernel) VarGet(name uint64) (uint64, error) {
	key, err := k.takeBytes(name)
	if err != nil {
		return 0, err
	}
	return k.Write(k.vars[string(key)])
}

// VarSet keeps the content of a block under a name until the end of the run. Value
// zero removes the variable. Both blocks are freed.
func (k *Kernel) VarSet(name, value uint64) error {
	b, err := k.takeBytes(name)
	if err != nil {
		return err
	}
	key := string(b)
	if value == 0 {
		k.drop(key)
		return nil
	}
	if b, err = k.takeBytes(value); err != nil {
		return err
	}
	return k.keep(key, b)
}

func (k *Kernel) keep(key string, value []byte) error {
	cost := int64(len(key)+len(value)) + varCost
	if k.varBytes+cost >= maxVars { // with the old value counted, as in go-sdk
		return errVarsFull
	}
	if k.Size()+cost > k.limit {
		k.denied = true
		return ErrMemory
	}
	k.drop(key)
	k.vars[key] = bytes.Clone(value)
	k.varBytes += cost
	return nil
}

func (k *Kernel) drop(key string) {
	if old, there := k.vars[key]; there {
		k.varBytes -= int64(len(key)+len(old)) + varCost
		delete(k.vars, key)
	}
}

// takeBytes reads a block and frees it. Freeing leaves the bytes as they are.
func (k *Kernel) takeBytes(offset uint64) ([]byte, error) {
	b, err := k.Bytes(offset)
	if err != nil {
		return nil, err
	}
	return b, k.Free(offset)
}
