package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

func newArtifactCommand(c *cli) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "artifact",
		Aliases: []string{"artifacts"},
		GroupID: groupData,
		Short:   "Look at the files that executions kept, and fetch them",
		Long:    "Look at the files that executions kept, and fetch them. The page shows profiles as\nflame graphs under /artifacts.",
		Example: "  squall artifact list --execution ID\n  squall artifact get ID --file heap.pb.gz\n  squall artifact flame ID --base EARLIER",
	})
	cmd.AddCommand(newArtifactListCommand(c), newArtifactGetCommand(c), newArtifactFlameCommand(c), newPinCommand(c), newUnpinCommand(c))
	return cmd
}

func newArtifactListCommand(c *cli) *cobra.Command {
	var p paging
	var q client.ArtifactQuery
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List artifacts, newest first",
		Example: "  squall artifact list\n  squall artifact list --media-type application/vnd.google.pprof",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.client()
			if err != nil {
				return err
			}
			list, err := collect(p, func(at client.Page) (client.List[automation.Artifact], error) {
				q.Page = at
				return api.Artifacts(cmd.Context(), q)
			})
			if err != nil {
				return err
			}
			c.noteMore(cmd, list.Next)
			return c.print(listOf(list, list.Items, c.artifactColumns(), artifactID, !c.flags.noHeaders))
		},
	}
	p.addFlags(cmd)
	cmd.Flags().StringVar(&q.Execution, "execution", "", "kept by this execution")
	cmd.Flags().StringVar(&q.MediaType, "media-type", "", "of this type")
	must(cmd.RegisterFlagCompletionFunc("execution", c.completeLive(liveExecutions)))
	return cmd
}

func artifactID(a automation.Artifact) string { return a.ID }

func (c *cli) artifactColumns() []column[automation.Artifact] {
	type row = automation.Artifact
	t := c.terminalOf(c.out, c.flags.color)
	return []column[row]{
		{title: "ID", text: artifactID},
		{title: "SIZE", text: func(a row) string { return automation.SizeText(a.Size) }},
		{title: "TYPE", text: func(a row) string { return a.MediaType }},
		{title: "EXECUTION", text: func(a row) string { return a.Execution }},
		{title: "CREATED", text: func(a row) string { return c.when(t, a.CreatedAt) }},
		{title: "SHA256", wide: true, text: func(a row) string { return a.SHA256 }},
		{title: "PINNED", wide: true, text: func(a row) string { return a.PinnedBy }},
		{title: "NAME", text: func(a row) string { return a.Name }},
	}
}

func newArtifactGetCommand(c *cli) *cobra.Command {
	var target string
	cmd := &cobra.Command{
		Use:     "get ID",
		Aliases: []string{"show"},
		Short:   "Show what is known of an artifact, or fetch the file",
		Long:    "Show what is known of an artifact. With --file, fetch the file as well: into a file, into a\nfolder under its own name, or to stdout with -.",
		Example: "  squall artifact get 6740b1e2c3d4e5f6a7b8c9d0\n" +
			"  squall artifact get 6740b1e2c3d4e5f6a7b8c9d0 --file heap.pb.gz\n" +
			"  squall artifact get 6740b1e2c3d4e5f6a7b8c9d0 -O - | go tool pprof -top /dev/stdin",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveArtifacts),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.getArtifact(cmd.Context(), args[0], target)
		},
	}
	cmd.Flags().StringVarP(&target, "file", "O", "", "where to put the file; - is stdout")
	return cmd
}

func (c *cli) getArtifact(ctx context.Context, id, target string) error {
	api, err := c.client()
	if err != nil {
		return err
	}
	a, err := api.Artifact(ctx, id)
	if err != nil {
		return orList(err, "artifact list")
	}
	if target != "" {
		if err := c.fetch(ctx, api, a, target); err != nil || target == "-" {
			return err
		}
	}
	return c.print(thing(a, a.ID, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.pair("ID", a.ID)
		p.pair("Name", a.Name)
		p.pair("Type", a.MediaType)
		p.pair("Size", fmt.Sprintf("%s (%d bytes)", automation.SizeText(a.Size), a.Size))
		p.pair("SHA-256", a.SHA256)
		p.pair("Execution", a.Execution)
		p.pair("Created", c.when(t, a.CreatedAt))
		p.pair("Pinned by", a.PinnedBy)
		return p.err
	}))
}

// fetch puts the file where it is wanted, whole or not at all.
func (c *cli) fetch(ctx context.Context, api *client.Client, a automation.Artifact, target string) error {
	if target == "-" {
		if c.terminalOf(c.out, "never").tty {
			return usage("a file is not written to the screen").WithHint("name a file with --file, or pipe it on")
		}
		return download(ctx, api, a, c.out)
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		target = filepath.Join(target, filepath.Base(filepath.Clean("/"+a.Name))) // whatever the name holds, in this folder
	}
	if err := replaceFile(target, func(w io.Writer) error { return download(ctx, api, a, w) }); err != nil {
		return err
	}
	c.note("wrote %s to %s", automation.SizeText(a.Size), target)
	return nil
}

// download checks that what arrives is what the execution kept.
func download(ctx context.Context, api *client.Client, a automation.Artifact, w io.Writer) error {
	content, err := api.ArtifactContent(ctx, a.ID)
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, hash), content)
	if err := errors.Join(err, content.Close()); err != nil {
		return fmt.Errorf("fetch artifact %s: %w", a.ID, err)
	}
	if n != a.Size || a.SHA256 != "" && hex.EncodeToString(hash.Sum(nil)) != a.SHA256 {
		return automation.Unavailable("artifact %s arrived incomplete or changed", a.ID).WithHint("fetch it again; if it stays so, the server's storage is damaged")
	}
	return nil
}
