"""A command to the node that serves its key, and which node that was.

RedisCluster.execute_command() is not used: whenever one node cannot be reached it reads the whole map of slots again
before the next command to any other, and a redirect while a slot moves may take two connections where it needs one.
The nodes, their pools and the map are redis-py's.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode, PipelineCommand
from redis.exceptions import AskError, ClusterDownError, MovedError

REDIRECTS = 5


async def execute(client: Redis | RedisCluster, key: bytes, *command: Any) -> tuple[Any, str]:
    """The answer, and the "host:port" of the node that gave it."""
    if isinstance(client, RedisCluster):
        return await _in_cluster(client, key, *command)
    connection = await client.connection_pool.get_connection()
    try:
        await connection.send_command(*command)
        # Where Sentinels have named another master meanwhile, this may still be the one of before.
        return await connection.read_response(), f"{connection.host}:{connection.port}"
    finally:
        await client.connection_pool.release(connection)


async def _in_cluster(client: RedisCluster, key: bytes, *command: Any) -> tuple[Any, str]:
    nodes, slot = client.nodes_manager, client.keyslot(key)
    if not nodes.slots_cache:
        await nodes.initialize()
    node = nodes.get_node_from_slot(slot)
    for _turn in range(REDIRECTS):
        try:
            return await node.execute_command(*command), node.name
        except MovedError as told:
            await nodes.move_slot(told)
            node = nodes.get_node_from_slot(slot)
        except AskError as told:
            node = _node(client, told.host, told.port)
            return await _ask(node, *command), node.name
    raise ClusterDownError("CLUSTERDOWN one node sends to another and back")


def _node(client: RedisCluster, host: str, port: int) -> ClusterNode:
    """A node by its address, also one that has no slot yet."""
    nodes = client.nodes_manager
    found = nodes.get_node(host, port)
    if found is None:
        found = ClusterNode(host, port, "primary", **nodes.connection_kwargs)
        nodes.set_nodes(nodes.nodes_cache, {found.name: found})
    return found


async def _ask(node: ClusterNode, *command: Any) -> Any:
    """Both on one connection."""
    both = [PipelineCommand(0, "ASKING"), PipelineCommand(1, *command)]
    await node.execute_pipeline(both)
    for each in both:
        if isinstance(each.result, Exception):
            raise each.result
    return both[1].result
