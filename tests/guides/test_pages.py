"""What is read out of a page is what a reader would type."""

from __future__ import annotations

import textwrap

import pytest
from guides.pages import Command, Example, parse
from guides.test_commands import simple_commands

RST = """\
    Call ``make demo``, or ``ansible-playbook -i a
    b.yml``; ``redis-cli`` alone is a name, ``redis.conf`` a file.

    .. code-block:: console

       $ one \\
           --two "$(three)"
       said
         ...
       $ python3 -c "
       print(4)"

    - An item:

      .. code-block:: yaml

         # a/b.yml: what it is
         five: 6

    .. code-block:: text

       $ seven
    """
MARKDOWN = """\
    Call `curl --silent a`, see `a.md`.

    ```sh
    make demo    # a comment
    make build && \\
        make test
    ```

    ```console
    $ ssh HOST ls  # a comment
    ```

    ```promql
    up == 0
    ```
    """


def test_restructured_text() -> None:
    assert list(parse("a.rst", textwrap.dedent(RST))) == [
        Command("a.rst", 1, "make demo"),
        Command("a.rst", 1, "ansible-playbook -i a b.yml"),
        Command("a.rst", 6, 'one --two "$(three)"', "said\n  ..."),
        Command("a.rst", 10, 'python3 -c "\nprint(4)"'),
        Example("a.rst", 17, "# a/b.yml: what it is\nfive: 6\n"),
    ]
    assert [part.file for part in parse("a.rst", textwrap.dedent(RST)) if isinstance(part, Example)] == ["a/b.yml"]


def test_markdown() -> None:
    assert list(parse("a.md", textwrap.dedent(MARKDOWN))) == [
        Command("a.md", 1, "curl --silent a"),
        Command("a.md", 4, "make demo"),
        Command("a.md", 5, "make build && make test"),
        Command("a.md", 10, "ssh HOST ls"),
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a 'b c' | d -e=1 || f", [["a", "b c"], ["d", "-e=1"], ["f"]]),
        ("A=1 B=2 c d:1,e", [["c", "d:1,e"]]),
        ("a $(b | c) > d", [["a", "SUBSTITUTED", ">", "d"]]),
    ],
)
def test_simple_commands(script: str, words: list[list[str]]) -> None:
    assert list(simple_commands(script)) == words
