package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// getBackup sends a backup while it is written. What goes wrong after its beginning can
// only be told by a file without an end, which whoever restores it refuses.
func (s *Server) getBackup(c echo.Context) error {
	w := &late{c: c}
	err := s.Backup(c.Request().Context(), w)
	if err == nil || !w.begun {
		return err
	}
	s.Logger.Error("backup could not be written to its end", "err", err)
	return nil
}

// late sends the head of the answer with the first byte, so that an error before it is
// an answer of its own.
type late struct {
	c     echo.Context
	begun bool
}

func (w *late) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		h := w.c.Response().Header()
		h.Set("Content-Type", "application/gzip")
		h.Set("Content-Disposition", `attachment; filename="squall-backup.tar.gz"`)
		w.c.Response().WriteHeader(http.StatusOK)
	}
	return w.c.Response().Write(p)
}

// lastBackup tells when a backup was last written to its end.
func (s *Server) lastBackup(c echo.Context) error { return c.JSON(http.StatusOK, s.LastBackup()) }
