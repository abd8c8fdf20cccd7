package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND | TOPIC]",
		Short:   "Explain a command or a topic",
		Example: "  squall help run\n  squall help exit-codes",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return childNames(cmd.Root(), args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(firstNonNil(target, cmd.Root()), firstOf(append(rest, args...)...))
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

func firstNonNil(commands ...*cobra.Command) *cobra.Command {
	for _, cmd := range commands {
		if cmd != nil {
			return cmd
		}
	}
	return nil
}

func childNames(root *cobra.Command, path []string) []string {
	at, _, err := root.Find(path)
	if err != nil {
		return nil
	}
	var names []string
	for _, child := range at.Commands() {
		if !child.Hidden {
			names = append(names, child.Name()+"\t"+child.Short)
		}
	}
	return names
}

// helpTopics are pages of the help that belong to no command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit code of a command means", Long: exitCodeHelp()},
		{Use: "output", Short: "Formats, fields and jq", Long: outputHelp},
		{Use: "environment", Short: "Environment variables and files", Long: environmentHelp},
	}
}

func exitCodeHelp() string {
	var b strings.Builder
	b.WriteString("Scripts may rely on these exit codes:\n")
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "\n  %3d  %s", c.code, c.meaning)
	}
	return b.String()
}

const outputHelp = `Data goes to stdout; everything else, errors too, goes to stderr.

  -o table   columns; parted by tabs and without colour when not on a screen
  -o wide    the same with more columns
  -o json    the API's document
  -o jsonl   one JSON object a line
  -o yaml    the API's document as YAML
  -o name    only ids or references

  --fields id,status,usage.fuel   only these fields, in every format
  --jq '.items[].id'              what a jq expression makes of the JSON
  --no-headers                    columns without titles
  --quiet                         no notes on stderr

With -o json, errors are problem+json on stderr.`

const environmentHelp = `What a flag says goes before what the environment says, and that before what
squall login stored.

  SQUALL_URL       address of the server; http://127.0.0.1:8085 without it
  SQUALL_TOKEN     token to speak with
  SQUALL_DATA      data directory of a server on this machine, whose admin.token
                   is used when there is no other; ./data without it
  XDG_CONFIG_HOME  squall/config.yaml in it holds the logins
  NO_COLOR         no colour; --color=always goes before it
  CLICOLOR_FORCE   colour also in a pipe

For the server:

  SQUALL_SECRET_KEY         keys of stored secrets, base64 of 32 bytes each, with
                            commas between them; the first seals. A key file in
                            the data directory without it
  SQUALL_SECRET_VALUE_NAME  a secret called name`
