module github.com/squall-dev/squall/sdk/conformance/go

go 1.24

require github.com/squall-dev/squall/sdk/go v0.0.0

replace github.com/squall-dev/squall/sdk/go => ../../go
