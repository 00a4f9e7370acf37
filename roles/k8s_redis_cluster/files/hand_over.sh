#!/bin/sh
# Before a master is stopped, a replica takes its place, so that its slots are served all the time and nothing that was
# written is lost. It ends when this node is a replica, when nobody can take over, or when the time is up; never in
# failure, as the pod goes anyway.
set -uf
REDISCLI_AUTH=$(cat "${REDIS_PASSWORD_FILE:-/etc/redis/password}")
export REDISCLI_AUTH
host=${REDIS_HOST:-127.0.0.1}
port=${REDIS_PORT:-6379}

# ask HOST PORT COMMAND: what it answers, in two seconds.
ask() {
    echo "$3" | timeout 2 redis-cli -h "$1" -p "$2" 2>&1 | tr -d '\r'
}

now() {
    date +%s
}

# Where the replicas of this node are that the cluster does not suspect, by the addresses that they have told.
replicas() {
    nodes=$(ask "$host" "$port" "CLUSTER NODES")
    id=$(printf '%s\n' "$nodes" | sed -n 's/^\([0-9a-f]*\) [^ ]* [^ ]*myself.*/\1/p')
    printf '%s\n' "$nodes" | sed -n "s/^[0-9a-f]* \([^ @]*\)@[^ ]* slave $id .*/\1/p"
}

# The replica that has the most; nothing while none is connected.
best() {
    replicas | while read -r address; do
        told=$(ask "${address%:*}" "${address##*:}" "INFO replication")
        case $told in
            *master_link_status:up*)
                echo "$(printf '%s\n' "$told" | sed -n 's/^slave_repl_offset://p') ${address%:*} ${address##*:}"
                ;;
        esac
    done | sort -rn | head -n 1
}

end=$(($(now) + ${REDIS_HAND_OVER_SECONDS:-20}))
again=0
while [ "$(now)" -lt "$end" ]; do
    case $(ask "$host" "$port" "INFO replication") in
        *connected_slaves:0*) exit 0 ;;
        *role:master*) ;;
        *) exit 0 ;;
    esac
    if [ "$(now)" -ge "$again" ]; then
        # shellcheck disable=SC2046
        set -- $(best)
        if [ $# -eq 3 ]; then
            ask "$2" "$3" "CLUSTER FAILOVER"
            # The servers themselves give up after five seconds.
            again=$(($(now) + 6))
        fi
    fi
    sleep 0.1
done
