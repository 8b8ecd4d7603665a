#!/usr/bin/env bash
# Podman as Debian has it, in a place where little is allowed (no registry, hybrid cgroups, no
# CAP_SYS_RESOURCE): runc in place of crun, limits that may be set, RUN steps in a chroot, nothing pulled.
set -euo pipefail
conf="${PODMAN_CONF_DIR:-${TMPDIR:-/tmp}/proxy-podman}"
mkdir -p "$conf"
cat > "$conf/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
CONF
echo 'unqualified-search-registries = []' > "$conf/registries.conf"
export CONTAINERS_CONF="$conf/containers.conf" CONTAINERS_REGISTRIES_CONF="$conf/registries.conf"
if [ "${1-}" = build ]; then
  shift
  exec podman build --isolation=chroot --pull=never --format docker "$@"
fi
exec podman "$@"
