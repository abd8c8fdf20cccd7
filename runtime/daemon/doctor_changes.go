package daemon

import "fmt"

// changesPass looks whether guests may change what they were granted.
func (d *doctor) changesPass() finding {
	g := d.changes()
	switch {
	case g.Stop != nil:
		return warning("every change is held back, by "+g.Stop.By, "let them pass again: squall resume-all")
	case len(g.Paused) > 0:
		return warning(fmt.Sprintf("paused, because it kept failing: %s", g.Paused[0].What), "see all: squall held list")
	case len(g.Held) > 0:
		return ok(fmt.Sprintf("%s, %s held back since the start", count(len(g.Budgets), "budget", "budgets"), count(len(g.Held), "change", "changes")))
	}
	return ok(count(len(g.Budgets), "budget", "budgets"))
}
