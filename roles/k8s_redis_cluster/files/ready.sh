#!/bin/sh
# Says whether the shard of this node is whole. The disruption budget counts the pods for which it is, so that the second
# member of a shard is not let go before the first is back with its data.
#
# A master without any replica is not ready either, as nobody could take its place. It counts replicas that the cluster
# does not suspect, not those that are connected: a replica whose link is down is not ready itself, which is enough to
# hold the budget, and still lets that replica be evicted to where it may do better.
set -uf
REDISCLI_AUTH=$(cat "${REDIS_PASSWORD_FILE:-/etc/redis/password}")
export REDISCLI_AUTH
told=$(
    printf 'CLUSTER INFO\nINFO replication\nCLUSTER NODES\n' |
        timeout "${REDIS_SECONDS:-4}" redis-cli -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" 2>&1 | tr -d '\r'
)

value() {
    printf '%s\n' "$told" | sed -n "s/^$1://p"
}

unready() {
    echo "$1"
    exit 1
}

case $told in
    *cluster_state:*role:*) ;;
    *) unready "It does not say how the cluster is. $(printf '%s\n' "$told" | sed -n '/./{p;q;}')" ;;
esac
[ "$(value cluster_state)" = ok ] || unready "The cluster's state is $(value cluster_state)"
[ "$(value cluster_slots_ok)" = 16384 ] || unready "$(value cluster_slots_ok) of 16384 slots are served"
[ -s "${REDIS_DIRECTORY:-/data}/nodes.conf" ] || unready "There is no nodes.conf, so it would forget who it is"

if [ "$(value role)" = slave ]; then
    [ "$(value master_link_status)" = up ] || unready "The link to its master is down"
    [ "$(value master_sync_in_progress)" = 0 ] || unready "It copies the data of its master"
    exit 0
fi
# ID, address, flags, master, ping, pong, epoch, link, then the slots: to be split.
# shellcheck disable=SC2046
set -- $(printf '%s\n' "$told" | grep '^[0-9a-f]* [^ ]* [^ ]*myself')
[ $# -gt 8 ] || unready "It is a master without slots"
[ "${REDIS_REPLICAS:-1}" = 0 ] && exit 0
printf '%s\n' "$told" | grep -q "^[0-9a-f]* [^ ]* slave\(,nofailover\)* $1 " || unready "It is a master without replica"
