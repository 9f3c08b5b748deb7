# engine.sh ROOT PROJECT COMMAND...: runs the command beside a Docker engine of its own, in new mount, process and network namespaces.
# ROOT is a Debian with the engine; the exit status is 77 if no container can run.
set -eu
root=$1 project=$2 base=orchard-test/base
shift 2

# The root of the namespace, not a chroot: otherwise nothing could be executed in a running container.
mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root$project"
mount --bind "$project" "$root$project"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if mountpoint -q /sys/fs/cgroup; then
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
else
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
fi
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
cd "$root"
pivot_root . mnt
umount -l /mnt
export PATH=/usr/sbin:/usr/bin
ip link set lo up

dockerd --cgroup-parent=/orchard-test >/var/log/dockerd.log 2>&1 &
engine=$!
stop() {
  kill "$engine" && wait "$engine" || true
  find /sys/fs/cgroup -depth -type d -path '*/orchard-test*' -exec rmdir {} + || true
}
unavailable() {
  tail -3 /var/log/dockerd.log
  stop
  exit 77
}
until docker version >/dev/null 2>&1; do
  kill -0 "$engine" 2>/dev/null || unavailable
  sleep 0.1
done

# Stands in for the public images, which need not be reachable: this system, which serves PostgreSQL when it is told nothing else.
# Its way to set up a cluster is that of PostgreSQL's own image, as far as the compose file uses it.
if ! docker image inspect "$base" >/dev/null 2>&1; then
  cat >/usr/local/bin/serve-postgres <<'END'
#!/bin/sh
set -eu
data=/var/lib/postgresql/data programs=$(echo /usr/lib/postgresql/*/bin)
as="setpriv --reuid=postgres --regid=postgres --init-groups"
if [ ! -e "$data/PG_VERSION" ]; then
  mkdir -p "$data"
  chown postgres: "$data"
  chmod 700 "$data"
  install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" /tmp/password
  $as "$programs/initdb" --pgdata="$data" --auth-host=scram-sha-256 --auth-local=trust --pwfile=/tmp/password
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec $as "$programs/postgres" -D "$data" -c 'listen_addresses=*' -c unix_socket_directories=/tmp
END
  chmod 755 /usr/local/bin/serve-postgres
  tar --create --one-file-system --exclude=./var/lib/docker --exclude=./var/cache --exclude=./var/lib/apt --exclude=./proc \
    --exclude=./sys --exclude=./dev --exclude=./run --exclude=".$project" --directory=/ . |
    docker import --change 'CMD ["/usr/local/bin/serve-postgres"]' - "$base" >/dev/null
fi
docker run --rm --network=none "$base" true || unavailable

status=0
RUNTIME_IMAGE=$base POSTGRES_IMAGE=$base "$@" || status=$?
stop
exit "$status"
