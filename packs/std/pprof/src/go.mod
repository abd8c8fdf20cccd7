module github.com/squall-dev/squall/packs/std/pprof

go 1.24

require github.com/squall-dev/squall/sdk/go v0.0.0

replace github.com/squall-dev/squall/sdk/go => ../../../../sdk/go
