"""The figures of docs/measured.md, each beside its peer, measured in one run: `make bench`."""
