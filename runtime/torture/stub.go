package torture

import "context"

func clock(ctx context.Context, r *run) error { return nil }
func model(ctx context.Context, r *run) error { return nil }
func soak(ctx context.Context, r *run) error { return nil }
