package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/backup"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/daemon"
)

func newBackupCommand(c *cli) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:     "backup FILE",
		GroupID: groupAdmin,
		Short:   "Write all that the server remembers into one file",
		Long: "Write all that the server remembers into one file, while it works: the database as it is at one\n" +
			"moment, and the content of all artifacts. The file is checked before it gets its name. Secrets are in it\n" +
			"sealed, and their key is not: keep secret.key elsewhere. The configuration and the packs are yours to keep.\n" +
			"With --data, of a data directory whose server does not run.",
		Example: "  squall backup squall-$(date +%F).tar.gz\n  squall backup squall.tar.gz --data /var/lib/squall",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.backup(cmd.Context(), args[0], data)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the data directory of a server that does not run; else the server is asked")
	return cmd
}

func (c *cli) backup(ctx context.Context, target, data string) error {
	var written backup.Summary
	err := replaceFile(target, func(w io.Writer) error {
		if err := c.writeBackup(ctx, w, data); err != nil {
			return err
		}
		f, err := os.Open(w.(*os.File).Name()) // what counts is what can be read again
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		written, err = backup.Verify(ctx, f)
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(c.print(thing(written, target, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.line("wrote %s", target)
		p.backup(written)
		return p.err
	})), incomplete(written))
}

func (c *cli) writeBackup(ctx context.Context, w io.Writer, data string) error {
	if data != "" {
		_, err := daemon.Backup(ctx, data, build().Version, w)
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	body, err := api.Backup(ctx)
	if err != nil {
		return offlineHint(err)
	}
	defer func() { _ = body.Close() }() // it was only read
	if _, err := io.Copy(w, body); err != nil {
		return fmt.Errorf("fetch the backup: %w", err)
	}
	return nil
}

func offlineHint(err error) error {
	if e := (*automation.Error)(nil); errors.As(err, &e) && e.Code == "unreachable" {
		return e.WithHint("of a server that does not run: squall backup FILE --data %s", config.Default().Data)
	}
	return err
}

func (p *page) backup(s backup.Summary) {
	d := s.Database
	p.line("%d executions, %d events, %d artifacts in %d files, %s, of %s", d.Executions, d.Events, d.Artifacts, s.Files,
		automation.SizeText(s.Bytes), s.CreatedAt.Local().Format("2006-01-02 15:04:05"))
	for _, sum := range s.Missing {
		p.line("missing: the content %s of an artifact", sum)
	}
}

// incomplete is an error when something was not there any more to be written.
func incomplete(s backup.Summary) error {
	if len(s.Missing) == 0 {
		return nil
	}
	return automation.Conflict("the contents of %d artifacts are not in the backup: they are gone or damaged", len(s.Missing)).
		WithCode(codeFailed).WithHint("check the disk; everything else is in it")
}

func newRestoreCommand(c *cli) *cobra.Command {
	var data string
	var force, check bool
	cmd := &cobra.Command{
		Use:     "restore FILE",
		GroupID: groupAdmin,
		Short:   "Make a data directory of a backup",
		Long: "Make a data directory of a backup. All of the file is read and checked before anything is replaced, and its\n" +
			"server must not run. With --force a directory that is not empty is moved away, and secret.key and admin.token are\n" +
			"taken over from it; into an empty one copy secret.key yourself, or secrets stay closed. What ran when the backup\n" +
			"was written is begun again at the start, as after a crash. With --check the file is only read.",
		Example: "  squall restore squall.tar.gz --data /var/lib/squall\n  squall restore squall.tar.gz --check",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return usage("the backup can not be read: %v", err)
			}
			defer func() { _ = f.Close() }() // it was only read
			if check {
				return c.checkBackup(cmd.Context(), f, args[0])
			}
			return c.restore(cmd.Context(), f, firstOf(data, c.env("SQUALL_DATA"), config.Default().Data), force)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the directory to make (SQUALL_DATA)")
	cmd.Flags().BoolVar(&force, "force", false, "move away a directory that is there")
	cmd.Flags().BoolVar(&check, "check", false, "read and check the file, and write nothing")
	return cmd
}

func (c *cli) checkBackup(ctx context.Context, f io.Reader, name string) error {
	s, err := backup.Verify(ctx, f)
	if err != nil {
		return err
	}
	return errors.Join(c.print(thing(s, name, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.line("%s is whole", name)
		p.backup(s)
		return p.err
	})), incomplete(s))
}

func (c *cli) restore(ctx context.Context, f io.Reader, data string, force bool) error {
	r, err := backup.Restore(ctx, f, data, force, c.now())
	if err != nil {
		return err
	}
	return errors.Join(c.print(thing(r, r.Data, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.line("restored %s", r.Data)
		p.backup(r.Summary)
		if r.Before != "" {
			p.line("what was there is in %s", r.Before)
		}
		for _, name := range r.Kept {
			p.line("taken over: %s", name)
		}
		return p.err
	})), incomplete(r.Summary))
}
