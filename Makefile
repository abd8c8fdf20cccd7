# Squall. `make help` lists what there is; `make run` and `make test` work on a
# fresh clone with Go, Node and npm.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# A guest that exports actions is a reactor; any other is an ordinary program.
GUEST   = GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags="-s -w" $$(if grep -qs '^//go:wasmexport' *.go; then echo -buildmode=c-shared; fi)
STD     := $(patsubst packs/std/%/pack.yaml,%,$(wildcard packs/std/*/pack.yaml))
EXAMPLE := $(patsubst examples/packs/%/src/go.mod,%,$(wildcard examples/packs/*/src/go.mod))
SDK_SRC := $(shell find sdk/go -name '*.go' -o -name go.mod)
MODULES := sdk/go $(foreach p,$(STD),packs/std/$(p)/src) $(foreach p,$(EXAMPLE),examples/packs/$(p)/src)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build everything and start the server with the shipped and the example packs
	./bin/squall server --data data --packs examples/packs

.PHONY: demo
demo: build ## Catch the heap dump of a leaking program, without a cluster
	./bin/squall demo

.PHONY: test
test: build ## Run the tests of the server, the packs, the SDK and the page
	go test ./...
	$(MAKE) test-guests
	cd web && npm run --silent test

.PHONY: test-guests
test-guests:
	@for m in $(MODULES); do echo "test $$m"; (cd $$m && go vet ./... && go test ./...); done

.PHONY: build
build: packs web ## Build the page, the packs and bin/squall
	go build -trimpath -ldflags="$(LDFLAGS)" -o bin/squall ./cmd/squall

# --- packs ------------------------------------------------------------------

.PHONY: packs
packs: $(STD:%=packs/dist/std/%/pack.wasm) $(EXAMPLE:%=examples/packs/%/pack.wasm) packs/dist/demo/labs_sre/pack.wasm ## Build the packs' guests

define std_pack
packs/dist/std/$(1)/pack.wasm: $$(shell find packs/std/$(1) -type f) $$(SDK_SRC)
	@echo "pack $(1)"
	@rm -rf packs/dist/std/$(1) && mkdir -p packs/dist/std/$(1)
	@cp -r $$(filter-out packs/std/$(1)/src,$$(wildcard packs/std/$(1)/*)) packs/dist/std/$(1)/
	@cd packs/std/$(1)/src && $$(GUEST) -o ../../../dist/std/$(1)/pack.wasm .
endef
$(foreach p,$(STD),$(eval $(call std_pack,$(p))))

define example_pack
examples/packs/$(1)/pack.wasm: $$(shell find examples/packs/$(1)/src -type f) $$(SDK_SRC)
	@echo "pack $(1)"
	@cd examples/packs/$(1)/src && $$(GUEST) -o ../pack.wasm .
endef
$(foreach p,$(EXAMPLE),$(eval $(call example_pack,$(p))))

# The demo carries its pack in the binary.
packs/dist/demo/labs_sre/pack.wasm: examples/packs/labs_sre/pack.wasm $(shell find examples/packs/labs_sre -type f -not -name pack.wasm -not -path '*/src/*')
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp -r $(filter-out examples/packs/labs_sre/src,$(wildcard examples/packs/labs_sre/*)) $(@D)/

# --- page -------------------------------------------------------------------

NPM := npm --no-audit --no-fund --loglevel=error

# Installs what the lock file says and leaves it alone. Not npm ci: that fails
# where a registry lacks the optional packages of platforms that nobody uses here.
web/node_modules/.package-lock.json: web/package-lock.json
	@echo "npm install"
	@cd web && $(NPM) install --no-save
	@touch $@

web/dist/app/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public -type f) web/index.html web/vite.config.ts
	@echo "build the page"
	@cd web && npm run --silent build

.PHONY: web
web: web/dist/app/index.html ## Build the page

# --- checks -----------------------------------------------------------------

.PHONY: check
check: check-web lint test race ## What CI runs before the browser: the page, lint, all tests, race detector

.PHONY: check-web
check-web: web ## Types, style, unit tests and size of the page
	cd web && npm run --silent check && npm run --silent budget

.PHONY: lint
lint: ## gofmt, vet and generated files
	@unformatted=$$(gofmt -l cmd runtime hostfuncs packs sdk examples web/*.go); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(MAKE) generate
	@git diff --exit-code --stat -- $(GENERATED) || { echo "generated files are stale: commit what make generate wrote"; exit 1; }

GENERATED := sdk/abi/abi.json web/docs/hostfuncs.md web/docs/hostfuncs web/src/api/types.ts web/docs/rules.md packs/TEMPLATES.md web/docs/history.md

.PHONY: generate
generate: ## Write sdk/abi/abi.json, web/src/api/types.ts and the table of operators from the Go code
	go run ./sdk/abi/gen > sdk/abi/abi.json.new && mv sdk/abi/abi.json.new sdk/abi/abi.json
	go run ./sdk/abi/gen -docs web/docs
	go run ./runtime/api/gen > web/src/api/types.ts.new && mv web/src/api/types.ts.new web/src/api/types.ts
	go test -count=1 ./runtime/rule -run ThePageOfRules -update >/dev/null
	go test -count=1 ./runtime/expr -run ThePageOfTemplates -update >/dev/null
	go test -count=1 ./runtime/query -run ThePageOfFilters -update >/dev/null

# The engine's own compiler is slow under the race detector, so packages run two
# at a time and have patience.
.PHONY: race
race: ## Run the Go tests under the race detector
	CGO_ENABLED=1 go test -race -short -p 2 -timeout 8m ./...

# Each fuzzer of the module for a fixed number of inputs. Those that compile or
# interpret modules take as long for one as others do for thousands. Inputs are not
# made smaller, which takes a minute each; to look for more, and to see a failure
# made small: go test ./runtime/wasm -run '^$$' -fuzz FuzzGenerated
FUZZ       = grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' runtime hostfuncs packs cmd sdk/abi
FUZZ_SLOW := FuzzGenerated|FuzzCall|FuzzCallGenerated|FuzzDifferential
FUZZ_RUNS := 5000
FUZZ_FEW  := 400

.PHONY: fuzz
fuzz: ## Run every fuzzer for a fixed number of inputs
	@$(FUZZ) | sort | while IFS=: read -r file _ fn; do \
	  name=$${fn#func }; runs=$(FUZZ_RUNS); if [[ "$$name" =~ ^($(FUZZ_SLOW))$$ ]]; then runs=$(FUZZ_FEW); fi; \
	  echo "$$name in $$(dirname "$$file"), $$runs inputs"; \
	  out=$$(go test "./$$(dirname "$$file")" -run '^$$' -fuzz "^$$name$$" -fuzztime "$${runs}x" -fuzzminimizetime 1x -parallel 2 2>&1) || { echo "$$out"; exit 1; }; \
	done

.PHONY: bench-engine
bench-engine: build ## Latency, throughput, memory and starts of the whole path, beside an echo handler, in one table
	go run ./runtime/daemon/bench $(BENCH_FLAGS)

.PHONY: bench-rules
bench-rules: ## What an event costs with 10, 1,000 and 10,000 rules on its trigger, in one table
	go run ./runtime/rule/bench

.PHONY: bench-wasm
bench-wasm: ## What the sandbox costs in every language, beside native code, processes and go-sdk, in one table
	@$(MAKE) --no-print-directory -C runtime/wasm/bench/guests
	go run ./runtime/wasm/bench $(BENCH_FLAGS)

.PHONY: bench-history
bench-history: ## What filters, totals and retention cost over a million executions, in one table (BENCH_FLAGS=-quick: 100,000)
	go run ./runtime/store/bench $(BENCH_FLAGS)

.PHONY: e2e
e2e: build ## The whole story in a real browser against the real binary (needs Chromium)
	cd web && node e2e/run.mjs

# Fixed counts, and a new seed each time, which is printed; see runtime/torture/README.md.
# SOAK is how long the load lasts in the end.
SOAK := 60s

.PHONY: torture
torture: build ## Break servers (kills, power cuts, bad disks, flipped bits) and check that they keep their promises
	@dir=$$(mktemp -d) && \
	  ./bin/squall torture --data $$dir/1 --only kill --rounds 50 && \
	  ./bin/squall torture --data $$dir/2 --only failpoints,power --rounds 30 && \
	  ./bin/squall torture --data $$dir/3 --only disk,clock --rounds 1 && \
	  ./bin/squall torture --data $$dir/4 --only bitflip --rounds 12 && \
	  ./bin/squall torture --data $$dir/5 --only model --rounds 3 && \
	  ./bin/squall torture --data $$dir/6 --only soak --for $(SOAK) && \
	  rm -rf $$dir

# The lab is a module of its own; its program is built by the script that starts it.
LAB := ./examples/kubernetes-lab/lab

.PHONY: lab
lab: build ## Build what the Kubernetes lab needs: Kubernetes once, for ten minutes and more; as root
	$(LAB) build

# Not the packages that need Kubernetes to compile, nor those that start it.
.PHONY: lab-test
lab-test:
	cd examples/kubernetes-lab && p="./cluster ./cmd/... ./image ./leaky ./node ./pause ./provision ./story" && go vet $$p && go test $$p

.PHONY: lab-kube
lab-kube: lab ## Test every kube_ host function against the lab's real API server
	go test -c -o bin/kube.test ./hostfuncs/kube
	cd hostfuncs/kube && ../../$(LAB) run ../../bin/kube.test -test.run '^TestLab' -test.timeout 10m $(LAB_FLAGS)

.PHONY: lab-story
lab-story: lab ## Catch leaks before the OOM killer, in a real cluster, with a table of times
	$(LAB) story $(STORY_FLAGS)

.PHONY: lab-tutorial
lab-tutorial: lab ## Run every block of web/docs/catch-a-leak.md in a real cluster
	$(LAB) run examples/kubernetes-lab/tutorial web/docs/catch-a-leak.md

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin web/dist/app packs/dist/std packs/dist/demo examples/packs/*/pack.wasm runtime/wasm/bench/out
