"""Certificates of the local authority, and every reason to refuse one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.omnimind.platform.plugins.module_utils.tls import authority, rehearsal, store

NOW = datetime.now(timezone.utc)
NAMES = ["127.0.0.1", "2001:db8::1", "redis-1.example"]


@pytest.fixture(scope="module")
def ca() -> authority.Pair:
    return authority.make_authority("test", NOW, 100)


def bundle(signer: authority.Pair, begins: datetime = NOW, days: int = 30, **changes: str) -> rehearsal.Bundle:
    pair = authority.issue(signer, NAMES, begins, days)
    return rehearsal.Bundle(**{"certificate": pair.certificate, "key": pair.key, "ca": signer.certificate, **changes})


def complaints(given: rehearsal.Bundle, *names: str, **options: float) -> list[str]:
    with pytest.raises(rehearsal.Unfit) as caught:
        rehearsal.judge(given, names, NOW.timestamp(), **options)
    return caught.value.complaints


def test_a_fit_certificate(ca):
    ends = rehearsal.judge(bundle(ca), NAMES, NOW.timestamp())
    assert ends == pytest.approx((NOW + timedelta(days=30)).timestamp(), abs=1)


def test_one_of_several_authorities_will_do(ca):
    others = authority.make_authority("other", NOW, 100).certificate + ca.certificate
    assert rehearsal.judge(bundle(ca, ca=others), NAMES, NOW.timestamp())


def test_names_that_it_is_not_for_are_told_all_at_once(ca):
    found = complaints(bundle(ca), "127.0.0.1", "127.0.0.2", "redis-2.example")
    assert [text.partition(", but for ")[0] for text in found] == [
        "certificate: it is not for 127.0.0.2",
        "certificate: it is not for redis-2.example",
    ]
    assert "redis-1.example" in found[0]


@pytest.mark.parametrize(
    ("begins", "days", "complaint"),
    [
        (NOW - timedelta(hours=1), 1, "certificate: it expires on"),
        (NOW - timedelta(days=10), 5, "certificate: it would not be accepted as a server's: certificate has expired"),
        (NOW + timedelta(days=10), 50, "certificate: it would not be accepted as a server's: certificate is not yet"),
    ],
)
def test_dates(ca, begins, days, complaint):
    (found,) = complaints(bundle(ca, begins, days), *NAMES)
    assert found.startswith(complaint)


def test_an_hour_is_enough_for_who_says_so(ca):
    assert rehearsal.judge(bundle(ca, NOW - timedelta(hours=1), 1), NAMES, NOW.timestamp(), 3600)


def test_another_authority(ca):
    (found,) = complaints(bundle(ca, ca=authority.make_authority("test", NOW, 100).certificate))
    assert found.startswith("ca: the certificate is not signed by these authorities")


def test_an_authority_is_no_server(ca):
    (found,) = complaints(rehearsal.Bundle(ca.certificate, ca.key, ca.certificate))
    assert "unsuitable certificate purpose" in found


@pytest.mark.parametrize(
    ("part", "complaint"),
    [("certificate", "certificate: it holds no"), ("key", "key: it holds no"), ("ca", "ca: it holds no")],
)
def test_what_is_no_pem(ca, part, complaint):
    (found,) = complaints(bundle(ca, **{part: "something else"}))
    assert found.startswith(complaint)


def test_a_key_of_another(ca):
    assert complaints(bundle(ca, key=ca.key)) == ["key: it does not belong to the certificate"]


def test_an_encrypted_key(ca):
    given = bundle(ca)
    encrypted = serialization.load_pem_private_key(given.key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (found,) = complaints(rehearsal.Bundle(given.certificate, encrypted.decode(), given.ca))
    assert found.startswith("key: it is encrypted")


def test_pem_or_a_path(tmp_path, ca):
    file = tmp_path / "ca.crt"
    file.write_text(ca.certificate)
    assert rehearsal.pem_text(str(file)) == rehearsal.pem_text(ca.certificate) == ca.certificate
    for value in ("", "ca.crt"):
        with pytest.raises(OSError, match="path"):
            rehearsal.pem_text(value)


# --- the store -----------------------------------------------------------------------------------


def order(**changes) -> store.Order:
    usual = {"name": "host", "names": NAMES, "days": 90, "renew_days": 30, "authority_days": 365}
    return store.Order(**{**usual, **changes})


def reasons(directory, *orders: store.Order, at: datetime = NOW) -> list[str]:
    return [store.provide(directory, one, at)[1] for one in orders]


def test_a_certificate_is_made_once_and_is_fit(tmp_path):
    made, reason = store.provide(tmp_path / "authority", order(), NOW)
    assert reason and rehearsal.judge(made, NAMES, NOW.timestamp())
    assert store.provide(tmp_path / "authority", order(), NOW) == (made, "")


def test_when_it_is_made_anew(tmp_path):
    assert reasons(tmp_path, order(), order(name="other"), order(names=NAMES[:1])) == [
        "there is no authority yet",
        "there is none yet",
        "it is for other names",
    ]
    assert reasons(tmp_path, order(names=NAMES[:1]), at=NOW + timedelta(days=59)) == [""]
    assert "expires on" in reasons(tmp_path, order(names=NAMES[:1]), at=NOW + timedelta(days=61))[0]


def test_two_files_that_do_not_match_are_made_anew(tmp_path):
    store.provide(tmp_path, order(), NOW)
    store.provide(tmp_path, order(name="other"), NOW)
    (tmp_path / "other" / "node.key").replace(tmp_path / "host" / "node.key")
    assert reasons(tmp_path, order(), order()) == ["key: it does not belong to the certificate", ""]


def test_the_order_of_names_and_their_spelling_do_not_matter(tmp_path):
    store.provide(tmp_path, order(), NOW)
    assert reasons(tmp_path, order(names=["redis-1.example", "2001:0db8::0001", "127.0.0.1"])) == [""]


def test_keys_are_for_their_owner_only(tmp_path):
    store.provide(tmp_path, order(), NOW)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.key")} == {0o600}


def test_check_mode_leaves_nothing_behind(tmp_path):
    made, reason = store.provide(tmp_path / "authority", order(), NOW, check_mode=True)
    assert reason and made.digest and not list(tmp_path.iterdir())
