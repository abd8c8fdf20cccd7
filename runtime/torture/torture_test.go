package torture

import "testing"

func TestKillLosesNothing(t *testing.T) { torture(t, "kill", 5) }

func TestFailpoints(t *testing.T) { torture(t, "failpoints", 4) }

func TestPowerCut(t *testing.T) { torture(t, "power", 6) }

func TestDiskTrouble(t *testing.T) { torture(t, "disk", 1) }

func TestBitflip(t *testing.T) { torture(t, "bitflip", 4) }

func TestClock(t *testing.T) { torture(t, "clock", 1) }

func TestModel(t *testing.T) { torture(t, "model", 3) }
