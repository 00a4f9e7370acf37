"""The figures of the README, each beside its peer, measured in one run: `make bench`."""
