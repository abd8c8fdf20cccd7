module github.com/squall-dev/squall/examples/packs/words

go 1.24
