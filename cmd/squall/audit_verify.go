package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/audit"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/daemon"
)

func newAuditVerifyCommand(c *cli) *cobra.Command {
	var data, file, head string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Look whether the audit chain holds; exit code 1 if not",
		Long: "Look whether the audit chain holds: that of the server, with --data that of a data directory, with --file that of\n" +
			"an export. The exit code is 1 if it does not, and the first record is named at which it does not. Who can write\n" +
			"the whole database can make a chain anew: note the head down elsewhere, and give it back with --head.",
		Example: "  squall audit verify\n  squall audit verify --data /var/lib/squall\n  squall audit verify --file audit.jsonl\n" +
			"  squall audit verify -o json --jq '\"\\(.head.seq):\\(.head.hash)\"'",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data != "" && file != "" {
				return usage("--data and --file exclude each other")
			}
			var expect *automation.AuditPlace
			if head != "" {
				p, err := automation.ParseAuditPlace(head)
				if err != nil {
					return usage("--head: %v", err).WithHint("%s", automation.HintOf(err))
				}
				expect = &p
			}
			report, err := c.verifyAudit(cmd.Context(), data, file, expect)
			if err != nil {
				return err
			}
			return oneOrAll([]error{c.print(auditResult(report)), brokenChain(report)})
		},
	}
	f := cmd.Flags()
	f.StringVar(&data, "data", "", "a data directory, whose server may run or not; else the server is asked")
	f.StringVarP(&file, "file", "f", "", "an export; - is standard input")
	f.StringVar(&head, "head", "", "SEQ:HASH that was noted down and must be in the chain")
	return cmd
}

func (c *cli) verifyAudit(ctx context.Context, data, file string, expect *automation.AuditPlace) (automation.AuditReport, error) {
	switch {
	case data != "":
		return daemon.VerifyAudit(ctx, data, expect)
	case file == "-":
		return verifyExport(c.in, expect)
	case file != "":
		f, err := os.Open(file)
		if err != nil {
			return automation.AuditReport{}, usage("the export can not be read: %v", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		return verifyExport(f, expect)
	}
	api, err := c.client()
	if err != nil {
		return automation.AuditReport{}, err
	}
	check := client.AuditCheck{}
	if expect != nil {
		check.Head = expect.String()
	}
	return api.VerifyAudit(ctx, check)
}

// verifyExport looks at JSON lines, oldest first. What the first of them follows is
// taken at its word.
func verifyExport(r io.Reader, expect *automation.AuditPlace) (automation.AuditReport, error) {
	lines := json.NewDecoder(r)
	var v *audit.Verifier
	for n := 1; ; n++ {
		var record automation.AuditRecord
		err := lines.Decode(&record)
		if errors.Is(err, io.EOF) && v != nil {
			return v.End(nil), nil
		}
		if err != nil {
			return automation.AuditReport{}, usage("record %d of the file is no JSON: %v", n, err).
				WithHint("write the file with: squall audit export --file audit.jsonl")
		}
		if v == nil {
			v = audit.NewVerifier(automation.AuditPlace{Seq: record.Seq - 1, Hash: record.Prev})
			if expect != nil {
				v.Expect(*expect)
			}
		}
		v.Next(record)
	}
}

func auditResult(r automation.AuditReport) result {
	return thing(r, r.Head.String(), func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		if r.Broken != nil {
			p.line("%s record %d: %s", p.paint(toneBad, "broken"), r.Broken.Seq, r.Broken.Reason)
		} else {
			p.line("%s %d record%s", p.paint(toneOK, "verified"), r.Records, plural(r.Records))
		}
		if r.Anchor.Seq > 0 {
			p.pair("Begins after", r.Anchor.String())
		}
		p.pair("Head", r.Head.String())
		return p.err
	})
}

// brokenChain is the error of a chain that does not hold.
func brokenChain(r automation.AuditReport) error {
	if r.Broken == nil {
		return nil
	}
	return &automation.Error{Code: "audit_broken", Message: fmt.Sprintf("the audit chain does not hold at record %d: %s", r.Broken.Seq, r.Broken.Reason),
		Hint: "compare the database with a backup: squall audit verify --data; the records up to there hold"}
}
