"""A double of the API of AWX 24: keeps state and applies the rules of AWX that `awx.awx` and an operator meet.

It runs no job. Of what AWX does with a project it works out the list of playbooks, from a directory, as AWX does.
"""

from .double import TOKEN, AwxDouble

__all__ = ["TOKEN", "AwxDouble"]
