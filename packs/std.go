package packs

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Std returns the packs that every server has, one folder each. It is empty when
// the binary was built without them.
func Std() fs.FS { return shipped("dist/std") }

// Demo returns the packs of the demonstration.
func Demo() fs.FS { return shipped("dist/demo") }

func shipped(dir string) fs.FS {
	if sub, err := fs.Sub(dist, dir); err == nil {
		return sub
	}
	return embed.FS{}
}
