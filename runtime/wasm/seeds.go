package wasm

func findSeeds([]byte) []int { return nil }

func (i *instance) reseed() {}
