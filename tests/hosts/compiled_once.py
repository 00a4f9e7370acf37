"""Lies in the test hosts' Python: what a module brings is compiled once a host, not once a task.

Ansible hands a module and all that it imports over as one archive of sources, new for each task, and Python compiles them
each time: half of the time that a short task takes. What was compiled is kept here by the sources it came from.
"""

import _imp
import marshal
import os
import zipimport

_KEPT = "/var/cache/compiled-once"
_compile = zipimport._compile_source


def _compiled(pathname, source):
    """Stand in for zipimport's own function: the code of a source, as bytes, with line ends of any kind."""
    kept = os.path.join(_KEPT, _imp.source_hash(0, source).hex())
    try:
        with open(kept, "rb") as file:
            return marshal.load(file)
    except (OSError, EOFError, ValueError):
        pass
    code = _compile(pathname, source)
    try:
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            marshal.dump(code, file)
        os.replace(file.name, kept)
    except OSError:
        pass  # not root: root's tasks keep what they compile, others read it
    return code


zipimport._compile_source = _compiled
