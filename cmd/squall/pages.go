package main

import (
	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/client"
)

// mostPerPage is what the API gives at once.
const mostPerPage = 1000

// paging is the part of a list that flags ask for.
type paging struct {
	limit int
	after string
}

func (p *paging) addFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.limit, "limit", 30, "how many to list; 0 lists all")
	cmd.Flags().StringVar(&p.after, "after", "", "list what is older than this id")
}

// collect asks for pages until there are as many items as wanted.
func collect[T any](p paging, fetch func(client.Page) (client.List[T], error)) (client.List[T], error) {
	if p.limit < 0 {
		return client.List[T]{}, usage("--limit can not be negative")
	}
	all := client.List[T]{Items: []T{}, Next: p.after}
	for {
		size := mostPerPage
		if p.limit > 0 {
			size = min(size, p.limit-len(all.Items))
		}
		page, err := fetch(client.Page{After: all.Next, Limit: size})
		if err != nil {
			return all, err
		}
		if len(all.Items) == 0 {
			all.Seq = page.Seq
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
		if page.Next == "" || len(page.Items) == 0 || p.limit > 0 && len(all.Items) >= p.limit {
			return all, nil
		}
	}
}

// noteMore tells people that the list goes on.
func (c *cli) noteMore(cmd *cobra.Command, next string) {
	if next != "" && c.terminalOf(c.out, c.flags.color).tty {
		c.note("there are more: %s --after %s", cmd.CommandPath(), next)
	}
}
