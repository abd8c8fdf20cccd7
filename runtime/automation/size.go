package automation

import (
	"fmt"
	"strings"
)

// SizeText writes a number of bytes for people: "64 MiB", "1.5 KiB", "812 B".
func SizeText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit && prefix < len("KMGTPE")-1 {
		value, prefix = value/unit, prefix+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + "KMGTPE"[prefix:prefix+1] + "iB"
}
