"""A lint of Prometheus rules."""
