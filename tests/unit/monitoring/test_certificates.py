"""What the collector of certificates writes, of what openssl says. That it reads real ones is proved with the real stack."""

from __future__ import annotations

import importlib.util

import pytest
from unit.monitoring import rendered

SPECIFICATION = importlib.util.spec_from_file_location("certificates", rendered.FILES / "textfile" / "certificates.py")
certificates = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(certificates)


@pytest.mark.parametrize(
    ("said", "end"),
    [("notAfter=Dec  5 09:00:00 2026 GMT\n", 1796461200), ("notAfter=Jan 31 23:59:59 2100 GMT\n", 4105123199)],
)
def test_the_end_of_a_certificate(said: str, end: int) -> None:
    assert certificates.end_of(said) == end


def test_what_is_written() -> None:
    text = certificates.exposition({"/a.pem": 1.0, '/b"\\.pem': None})
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == [
        'omnimind_certificate_expiry_timestamp_seconds{path="/a.pem"} 1',
        'omnimind_certificate_readable{path="/a.pem"} 1',
        r'omnimind_certificate_readable{path="/b\"\\.pem"} 0',
    ]
    assert text.endswith("\n"), "node_exporter wants whole lines"


def test_without_a_certificate() -> None:
    assert [line for line in certificates.exposition({}).splitlines() if not line.startswith("#")] == []
