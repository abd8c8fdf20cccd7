package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands in the help.
const (
	groupRun      = "run"
	groupAutomate = "automate"
	groupData     = "data"
	groupPacks    = "packs"
	groupAdmin    = "admin"
)

func newRootCommand(c *cli) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "squall",
		Short: "Run sandboxed actions when something happens",
		Long: "Squall takes in events, asks its rules, and runs actions in a sandbox.\n" +
			"squall server starts it; the other commands speak to one that runs.",
		Example: "  squall server                          # start the server and its page\n" +
			"  squall run core.echo -p message=hello  # run an action and wait for it\n" +
			"  squall execution list --status failed  # what went wrong\n" +
			"  squall rule test --rule r.yaml --event e.json",
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.prepare() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	})
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage("%s", err.Error()) })
	c.addFlags(root)
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupAutomate, Title: "Automate:"},
		&cobra.Group{ID: groupData, Title: "Data:"},
		&cobra.Group{ID: groupPacks, Title: "Packs:"},
		&cobra.Group{ID: groupAdmin, Title: "Administer:"},
	)
	root.AddCommand(
		newRunCommand(c), newExecutionCommand(c),
		newEventCommand(c), newRuleCommand(c), newTriggerCommand(c),
		newArtifactCommand(c), newKVCommand(c), newSecretCommand(c), newSourceCommand(c), newTimerCommand(c), newWebhookCommand(c), newSensorCommand(c),
		newStopAllCommand(c), newResumeAllCommand(c), newHeldCommand(c),
		newActionCommand(c), newPolicyCommand(c), newPackCommand(c),
		newLoginCommand(c), newDoctorCommand(c), newRetentionCommand(c), newAuditCommand(c), newTortureCommand(c), newBackupCommand(c), newRestoreCommand(c), newExportCommand(c), newCompletionCommand(c), newVersionCommand(c),
	)
	root.AddCommand(newServerCommand(c), newDemoCommand(c), newLeakCommand())
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(newHelpCommand())
	root.SetHelpCommandGroupID(groupAdmin)
	return root
}

func (c *cli) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&c.flags.server, "server", "", "address of the server (SQUALL_URL)")
	f.StringVar(&c.flags.tokenFile, "token-file", "", "file that holds the token (SQUALL_TOKEN holds it itself)")
	f.StringVarP(&c.flags.output, "output", "o", "", "format: "+strings.Join(formats(), ", "))
	f.StringSliceVar(&c.flags.fields, "fields", nil, "show only these fields, such as id,status")
	f.StringVar(&c.flags.jq, "jq", "", "show what a jq expression makes of the JSON")
	f.StringVar(&c.flags.color, "color", "auto", "auto, always or never")
	f.BoolVar(&c.flags.noHeaders, "no-headers", false, "leave out the titles of columns")
	f.BoolVarP(&c.flags.quiet, "quiet", "q", false, "write nothing but data and errors")
	f.BoolVar(&c.flags.debug, "debug", false, "show what is asked of the server")
	fixed := func(values ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	}
	must(root.RegisterFlagCompletionFunc("output", fixed(formats()...)))
	must(root.RegisterFlagCompletionFunc("color", fixed("auto", "always", "never")))
}

// prepare refuses what is wrong with the flags before anything happens.
func (c *cli) prepare() error {
	if c.flags.output != "" && !slices.Contains(formats(), c.flags.output) {
		return usage("there is no format %q", c.flags.output).WithHint("%s",
			alternatives(c.flags.output, formats(), "formats: "+strings.Join(formats(), ", ")))
	}
	if !slices.Contains([]string{"auto", "always", "never"}, c.flags.color) {
		return usage("--color is auto, always or never, not %q", c.flags.color)
	}
	return c.compileJQ()
}

// group makes a command that only holds others: alone it shows its help, and it
// says what may have been meant by a name that it does not know.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
	return cmd
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var known []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			known = append(known, child.Name())
		}
	}
	return usage("%s has no command %q", cmd.CommandPath(), name).WithHint("%s",
		alternatives(name, known, "see: "+cmd.CommandPath()+" --help"))
}

// exactly and atLeast check the number of arguments and name those missing.
func exactly(names ...string) cobra.PositionalArgs { return between(names, len(names)) }

func atLeast(names ...string) cobra.PositionalArgs { return between(names, -1) }

func optional(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return usage("too many arguments: %q", args[len(names)])
		}
		return nil
	}
}

func between(names []string, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
			return usage("%s is missing", names[len(args)]).WithHint("for example: %s", example)
		}
		if most >= 0 && len(args) > most {
			return usage("too many arguments: %q", args[most])
		}
		return nil
	}
}

// must is for flags that are declared a few lines above.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
