#!/bin/sh
# Says whether the server answers. Whatever it says will do: one that loads its data, that is busy, that waits for its
# master, or that knows another password by now, is not helped by a restart.
set -u
REDISCLI_AUTH=$(cat "${REDIS_PASSWORD_FILE:-/etc/redis/password}")
export REDISCLI_AUTH
told=$(timeout "${REDIS_SECONDS:-4}" redis-cli -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" PING 2>&1)
case $told in
    *PONG* | *LOADING* | *BUSY* | *MASTERDOWN* | *NOAUTH* | *WRONGPASS* | *NOPERM* | *"max number of clients"*) exit 0 ;;
esac
echo "The server does not answer. ${told}"
exit 1
