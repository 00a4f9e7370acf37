"""ACL users: what is refused, what a server is told, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors, settings

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl import changes, lines, users

GOOD: dict[str, Any] = {"name": "shop", "passwords": ["swordfish"], "role": "application"}
SUM = users.hash_of("swordfish")
DEFAULT = f"user default on sanitize-payload #{SUM} ~* &* +@all"


def user(**changed: Any) -> users.User:
    (found,) = users.parse_users([{**GOOD, **changed}])
    return found


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"passwords": None}, "users: shop: passwords: there is none; give one, or its SHA-256"),
        ({"passwords": []}, "users: shop: passwords: there is none"),
        ({"passwords": ["swordfish", ""]}, "users: shop: passwords: one is empty"),
        ({"passwords": ["sword\nfish"]}, "users: shop: passwords: one contains a line break"),
        ({"password_hashes": ["swordfish"]}, "users: shop: password_hashes: one is no SHA-256"),
        ({"password_hashes": [SUM.upper()]}, "users: shop: password_hashes: one is no SHA-256"),
        ({"name": ""}, "users: : name: '' is empty"),
        ({"name": "the shop"}, "users: the shop: name: 'the shop' is empty, or has a blank"),
        ({"name": "shop\nuser"}, "users: shop\nuser: name: 'shop\\nuser' is empty, or has"),
        ({"keys": ["a b"]}, "users: shop: keys: 'a b' is empty, or has a blank"),
        ({"keys": ["a\n+@all"]}, "users: shop: keys: 'a\\n+@all' is empty, or has"),
        ({"channels": [""]}, "users: shop: channels: '' is empty"),
        ({"role": "monitor", "keys": ["a"]}, "users: shop: keys: the role monitor has none"),
        ({"role": None}, "users: shop: role: there is none, and no rules"),
        ({"rules": ["bogus"]}, "users: shop: rules: 'bogus' is no ACL rule"),
        ({"rules": ["%RWR~a"]}, "users: shop: rules: '%RWR~a' is no ACL rule"),
        ({"rules": ["+get +set"]}, "users: shop: rules: '+get +set' is no ACL rule"),
        ({"rules": ["+get\nuser evil on nopass +@all"]}, "is no ACL rule"),
        ({"rules": ["(+get"]}, "users: shop: rules: '(+get' is no ACL rule"),
        ({"rules": ["(+get ~a) +@all"]}, "is no ACL rule"),
        ({"rules": ["nopass"]}, "users: shop: rules: a rule does what the option passwords is for"),
        ({"rules": [">swordfish"]}, "users: shop: rules: a rule does what the option passwords is for"),
        ({"rules": ["#" + SUM]}, "users: shop: rules: a rule does what the option password_hashes is for"),
        ({"rules": ["off"]}, "users: shop: rules: a rule does what the option enabled is for"),
    ],
)
def test_refused_with_the_users_name_and_without_a_password(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(errors.RedisFailure) as caught:
        user(**changed)
    assert complaint in caught.value.message
    assert "swordfish" not in caught.value.message and SUM not in caught.value.message


def test_all_complaints_come_at_once() -> None:
    found = users.user_complaints([GOOD, {**GOOD, "rules": ["x"]}, {"name": "b"}])
    assert [text.split(":")[1].strip() for text in found] == ["'shop' is there twice", "shop", "b", "b"]


@pytest.mark.parametrize("rule", ["+get", "-@all", "+config|get", "+FT.SEARCH", "~a:*", "%R~{a}*", "&n.*", "allkeys", "(+get ~a)"])
def test_rules_that_servers_know(rule: str) -> None:
    assert user(rules=[rule]).rules[-1] == rule


def test_an_application_has_its_keys_and_nothing_dangerous() -> None:
    rules = user(keys=["shop:*"], channels=[]).rules
    assert rules[0] == "~shop:*" and "~*" not in rules and not any(rule.startswith("&") for rule in rules)
    assert rules.index("+@all") < rules.index("-@admin") < rules.index("-@dangerous") < rules.index("+info")


def test_keys_and_channels_are_all_only_for_a_role_that_has_keys() -> None:
    assert user().rules[:2] == ("~*", "&*")
    assert user(role="readonly").rules[0] == "%R~*"
    assert user(role=None, rules=["+ping"]).rules == ("+ping",)
    assert user(role="monitor").rules[0] == "+@connection"


def test_a_password_given_twice_is_one() -> None:
    assert user(passwords=["swordfish", "swordfish"], password_hashes=[SUM]).hashes == (SUM,)


def test_a_line_of_the_file_has_words_that_a_server_parts_as_they_were() -> None:
    line = user(keys=['a"b\\', "{t}*"], rules=["(+get ~x)"], enabled=False).config_line()
    assert line.startswith(f'user shop off "#{SUM}" "~a\\"b\\\\" "~{{t}}*"') and line.endswith('"(+get ~x)"')
    assert settings.public_lines(line).startswith('user shop off "(secret)"')


# --- what is told to a server that has something else ------------------------------------------------


def state(*texts: str, **replication: str) -> changes.State:
    return changes.State(lines.parse_lines(texts), replication)


def exact(*wanted: users.User) -> dict[str, lines.Line]:
    """As a server would list them."""
    return lines.parse_lines(f"user {w.name} {' '.join(w.words()[1:])}" for w in wanted)


def everything(server: changes.State, *wanted: users.User, **options: Any) -> list[list[str]]:
    """The meanings of all changes, stage by stage."""
    goal = changes.Wanted(wanted, **options)
    stages = changes.additions(server, goal), changes.replication_changes(server, goal), changes.removals(server, goal, exact(*wanted))
    return [[change.meaning for change in stage] for stage in stages]


ADMIN = user(name="default", role="administrator")
ROTATING = user(name="default", role="administrator", passwords=["sailfish", "swordfish"])
ROTATED = user(name="default", role="administrator", passwords=["sailfish"])


def test_a_server_with_requirepass_has_the_default_user_already() -> None:
    """Redis 7.0 lists it without sanitize-payload, 8.0 with."""
    assert everything(state(DEFAULT), ADMIN) == [[], [], []]
    assert everything(state(DEFAULT.replace("sanitize-payload ", "")), ADMIN) == [[], [], []]


def test_a_password_is_added_before_replication_uses_it_and_before_the_old_one_goes() -> None:
    before = state(DEFAULT, masterauth="swordfish", masteruser="")
    replication = {"masterauth": "sailfish", "masteruser": ""}
    both = [["user default takes 1 more password"], ["replication logs in with another masterauth"], []]
    assert everything(before, ROTATING, replication=replication) == both
    added = changes.additions(before, changes.Wanted([ROTATING]))[0].command
    assert added == ("ACL", "SETUSER", "default", f"#{users.hash_of('sailfish')}"), "nothing is reset"
    rotating = state(DEFAULT.replace("~*", f"#{users.hash_of('sailfish')} ~*"))
    assert everything(rotating, ROTATED) == [[], [], ["user default loses 1 password"]]


def test_name_and_password_of_replication_change_at_once() -> None:
    goal = changes.Wanted([], {"masteruser": "r", "masterauth": "p"})
    (change,) = changes.replication_changes(state(masteruser="", masterauth="old"), goal)
    assert change.command == ("CONFIG", "SET", "masteruser", "r", "masterauth", "p")


def test_unknown_users_go_unless_they_are_kept_and_never_the_default_user() -> None:
    server = state(DEFAULT, "user ghost on nopass ~* +@all")
    assert everything(server)[2] == ["user ghost is removed"]
    assert everything(server, keep_unknown=True)[2] == []


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (f"user shop on nopass {' '.join(user().rules)}", "user shop needs a password"),
        (f"user shop off #{SUM} {' '.join(user().rules)}", "user shop is enabled"),
        (f"user shop on #{SUM} ~* +@all", f"user shop may do {' '.join(exact(user())['shop'].rules)}"),
    ],
)
def test_whatever_differs_is_put_right_in_the_last_stage(line: str, meaning: str) -> None:
    assert everything(state(line), user()) == [[], [], [meaning]]
    (change,) = changes.removals(state(line), changes.Wanted([user()]), exact(user()))
    assert change.command[:4] == ("ACL", "SETUSER", "shop", "reset")


def test_what_people_are_shown_has_no_hash() -> None:
    (line,) = lines.parse_lines([DEFAULT]).values()
    assert line.shown() == "on (1 password) ~* &* +@all"
    assert replace(line, nopass=True).shown() == "on (any password) ~* &* +@all"


passwords = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True)


@given(passwords, passwords, st.booleans(), st.booleans())
def test_no_stage_before_the_last_takes_a_password_away(old: list[str], new: list[str], on: bool, there: bool) -> None:
    """And after all stages there is nothing left to do. The server is played by sets of sums."""
    before, after = user(passwords=old, enabled=on), user(passwords=new)
    server = changes.State(exact(before) if there else {}, {})
    goal = changes.Wanted([after])
    valid = set(before.hashes) if there else set()
    added = set(valid)
    for change in changes.additions(server, goal):
        assert "reset" not in change.command or not there
        added |= {word[1:] for word in change.command if word.startswith("#")}
    assert added == valid | set(after.hashes)
    middle = replace(exact(before)["shop"], hashes=frozenset(added)) if there else exact(after)["shop"]
    last = changes.removals(changes.State({"shop": middle}, {}), goal, exact(after))
    assert bool(last) == (middle != exact(after)["shop"])


def test_redis_7_0_lists_single_commands_in_no_order() -> None:
    """Recorded: one user, on two servers."""
    rules = "~a resetchannels +@all -@admin -keys -sort (~b resetchannels -@all +set +get)"
    other = "~a resetchannels +@all -@admin -sort -keys (~b resetchannels -@all +get +set)"
    assert lines.parse_lines([f"user a on {rules}"]) == lines.parse_lines([f"user a on {other}"])


@pytest.mark.parametrize(("one", "other"), [("+@read -@admin", "-@admin +@read"), ("+get -@all", "-@all +get"), ("(~a +get)", "~a +get")])
def test_the_order_of_everything_else_counts(one: str, other: str) -> None:
    assert lines.parse_lines([f"user a on {one}"]) != lines.parse_lines([f"user a on {other}"])
