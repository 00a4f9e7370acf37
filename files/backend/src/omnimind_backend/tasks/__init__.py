"""Work that takes longer than a request should: a bounded pool, and tasks that are asked for later."""
