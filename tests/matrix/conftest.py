"""The clean copy of the tree that sanity wants."""

from quality.conftest import tree

__all__ = ["tree"]
