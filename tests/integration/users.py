"""Users of a cluster's servers, brought there by the product's function and tried by logging in."""

from __future__ import annotations

import time

import redis
from integration.servers import PASSWORD
from redis.backoff import NoBackoff
from redis.retry import Retry

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.application import Order, apply_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.changes import Wanted
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.users import parse_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login

NEW = "tuna fish sandwich"


def administrator(*passwords):
    return {"name": "default", "passwords": passwords, "role": "administrator"}


def act(cluster, *users, password=PASSWORD, former=(), seconds=10, additive=False, check_mode=False, **options):
    """Bring the users, and the password of replication, to all nodes."""
    options.setdefault("replication", {"masteruser": "", "masterauth": password})
    order = Order(Login(password=password, timeout=1.0), former, additive, check_mode)
    nodes = [node.address for node in cluster.nodes]
    return apply_users(nodes, Wanted(parse_users(users), **options), order, time.monotonic() + seconds)


def start_rotation(cluster, **options):
    return act(cluster, administrator(NEW, PASSWORD), password=NEW, former=[PASSWORD], **options)


def end_rotation(cluster, **options):
    return act(cluster, administrator(NEW), password=NEW, **options)


def call(server, *command, password=PASSWORD, username=None):
    # A refused login shall not be tried again for seconds.
    login = {"username": username, "password": password, "retry": Retry(NoBackoff(), 0)}
    with redis.Redis(server.host, server.port, decode_responses=True, **login) as client:
        return client.execute_command(*command)


def takes(server, password, username=None):
    try:
        return bool(call(server, "PING", password=password, username=username))
    except redis.AuthenticationError:
        return False


def masterauth(server, password):
    return call(server, "CONFIG", "GET", "masterauth", password=password)["masterauth"]


def users_of(server, password=PASSWORD):
    return call(server, "ACL", "LIST", password=password)
