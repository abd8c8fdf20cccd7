package wasm

import (
	"encoding/binary"
	chacha "math/rand/v2"
	"slices"
)

// A frozen guest holds the state of its generators of random numbers: without more
// ado, each run would draw the same numbers. Virtual machines that are resumed
// from one snapshot have the same problem (and tell their guests by a "generation
// ID"). Guests that ask the host each time are safe. Go's runtime does not: it asks
// once, when it starts, and feeds generators of its own, from which math/rand and
// the order of maps come.
//
// They are recognized for certain: a generator's state contains the block that its
// seed gives, and its seed must follow from bytes that the host gave the guest
// while it started. So a generator with a seed of the program's own, which is meant
// to repeat, stays as it is. Before each run the host writes a fresh seed and marks
// the block as used up.
//
// The layout is that of internal/chacha8rand.State of Go 1.22 and later, which
// math/rand/v2 documents as a format only in its marshaled form: a test with a real
// Go guest fails when it changes.
const (
	seedBlock = 32 * 8           // bytes of the block of numbers, where the state begins
	seedSize  = 32               // of the seed behind it
	seedIndex = seedBlock + 32   // where the number of used values is, 32 bits
	seedCount = seedIndex + 4    // and how many there are
	seedRound = seedIndex + 8    // and which block of the seed this is, times 4
	stateSize = (seedIndex + 16) // rounded up to the alignment
)

const (
	maxDrawn   = 16       // seeds that the host remembers having given
	maxSearch  = 64 << 20 // bytes of memory that are searched
	maxChecks  = 4096     // places that look like a generator and are looked at closely
	maxReseeds = 64       // times that a generator may have fed itself since its start
)

type seed = [seedSize]byte

// findSeeds returns where in a guest's memory generators lie that were fed with
// what the host gave.
func findSeeds(content []byte, drawn []seed) (at []int) {
	if len(drawn) == 0 || len(content) > maxSearch {
		return nil
	}
	found := map[seed]bool{}
	for _, p := range findGenerators(content) {
		found[seed(content[p+seedBlock:])] = false
		at = append(at, p)
	}
	trace(found, drawn)
	return slices.DeleteFunc(at, func(p int) bool { return !found[seed(content[p+seedBlock:])] })
}

// findGenerators returns where generators lie, whatever fed them.
func findGenerators(content []byte) (at []int) {
	checks := 0
	for p := 0; p+stateSize <= len(content) && checks < maxChecks; p += 8 {
		if !plausible(content[p:]) {
			continue
		}
		checks++
		if genuine(content[p:]) {
			at = append(at, p)
		}
	}
	return at
}

// plausible looks at the three counters: it decides for nearly every place.
func plausible(state []byte) bool {
	used := binary.LittleEndian.Uint32(state[seedIndex:])
	count := binary.LittleEndian.Uint32(state[seedCount:])
	round := binary.LittleEndian.Uint32(state[seedRound:])
	return (count == 32 && (round == 0 || round == 4 || round == 8) || count == 28 && round == 12) && used <= count
}

// genuine checks that the block is the seed's.
func genuine(state []byte) bool {
	round := int(binary.LittleEndian.Uint32(state[seedRound:])) / 4
	g := generator(seed(state[seedBlock:]), round*32)
	for n := range 28 { // the last ones of a last block are the next seed and not given out
		if g.Uint64() != binary.LittleEndian.Uint64(state[8*n:]) {
			return false
		}
	}
	return true
}

// generator makes one that has already given out some numbers.
func generator(s seed, used int) *chacha.ChaCha8 {
	g := &chacha.ChaCha8{}
	state := append([]byte("chacha8:"), 0, 0, 0, 0, 0, 0, 0, byte(used))
	if err := g.UnmarshalBinary(append(state, s[:]...)); err != nil {
		return chacha.NewChaCha8(s) // the format is fixed, so this does not happen
	}
	return g
}

// trace marks those seeds that Go's runtime may have made of what it was given: its
// first generator has the given one, others have four numbers of the first, and each
// feeds itself from time to time. Few have while a guest starts, so it goes by
// generations and ends when all seeds are marked.
func trace(found map[seed]bool, drawn []seed) {
	unmarked := len(found)
	generation := slices.Clone(drawn)
	for _, first := range drawn {
		generation = append(generation, children(first)...)
	}
	for range maxReseeds + 1 {
		for n, s := range generation {
			if marked, there := found[s]; there && !marked {
				found[s] = true
				unmarked--
			}
			if unmarked == 0 {
				return
			}
			generation[n] = next(s)
		}
	}
}

// perSeed is how many numbers a seed gives before its generator feeds itself with
// the four behind them.
const perSeed = 4*32 - 4

// next returns the seed that a generator feeds itself with.
func next(s seed) seed {
	g := generator(s, perSeed)
	g.Uint64() // it feeds itself late
	state, err := g.MarshalBinary()
	if err != nil {
		return s
	}
	return seed(state[len(state)-seedSize:])
}

// children returns the seeds that four numbers in a row of a generator make.
func children(s seed) (all []seed) {
	g, numbers := chacha.NewChaCha8(s), []byte(nil)
	for range perSeed {
		numbers = binary.LittleEndian.AppendUint64(numbers, g.Uint64())
	}
	for at := 0; at+seedSize <= len(numbers); at += 8 {
		all = append(all, seed(numbers[at:]))
	}
	return all
}

// reseed gives the generators of a frozen guest fresh seeds.
func (i *instance) reseed() {
	for _, at := range i.frozen.seeds {
		state, ok := i.memory.Read(uint32(at), stateSize)
		if !ok {
			continue
		}
		i.run.draw(state[seedBlock : seedBlock+seedSize])
		copy(state[seedIndex:seedCount], state[seedCount:seedRound])
		binary.LittleEndian.PutUint32(state[seedRound:], 0)
	}
}
