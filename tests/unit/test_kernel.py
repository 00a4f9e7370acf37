"""Kernel settings as a file in /etc/sysctl.d."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from unit.core import kernel

names = st.sampled_from(["vm.overcommit_memory", "net.core.somaxconn", "net.ipv4.tcp_rmem"])
mappings = st.dictionaries(names, st.sampled_from(["0", "1024", "4096 87380 6291456"]))


@given(mappings, mappings)
def test_values_from_before_are_read_back(wanted: dict[str, str], former: dict[str, str]) -> None:
    assert kernel.former_values(kernel.sysctl_text(wanted, former)) == former


def test_a_file_that_sysctl_reads() -> None:
    text = kernel.sysctl_text({"vm.overcommit_memory": "1"}, {"vm.overcommit_memory": "0"})
    assert text == "# Ansible managed\n# before: vm.overcommit_memory = 0\nvm.overcommit_memory = 1\n"
