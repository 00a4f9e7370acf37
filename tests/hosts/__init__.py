"""Debian hosts under systemd for the tests: an engine that runs them, images they start from.

`python -m tests.hosts COMMAND...` runs a command, a shell for example, while both are there.
"""
