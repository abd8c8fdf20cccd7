module github.com/squall-dev/squall/examples/packs/feeds

go 1.24

require github.com/squall-dev/squall/sdk/go v0.0.0

replace github.com/squall-dev/squall/sdk/go => ../../../../sdk/go
