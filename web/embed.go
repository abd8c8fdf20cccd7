// Package web holds the page and serves it: the built files under dist/app, or a
// placeholder when the program was built without Node. It knows nothing of the
// API; package api mounts [Handler] beside its routes.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:dist
var embedded embed.FS

// Dist returns the page's files: the build when there is one, else the placeholder.
func Dist() fs.FS {
	dist, _ := fs.Sub(embedded, "dist") // "dist" is a valid path, Sub cannot fail
	return built(dist)
}

// Handler serves the page. It answers GET and HEAD only; a path that names no
// file and has no extension gets index.html, because the page routes itself.
// Nothing under /api/ is ever answered with the page.
func Handler() http.Handler { return newHandler(Dist()) }

func built(dist fs.FS) fs.FS {
	if _, err := fs.Stat(dist, "app/index.html"); err != nil {
		return dist
	}
	app, _ := fs.Sub(dist, "app")
	return app
}
