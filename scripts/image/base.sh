#!/usr/bin/env bash
# A base image without a registry: Debian's own packages, and this project's Node with npm.
# usage: base.sh IMAGE WORKDIR
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
repo="$(cd "$here/../.." && pwd)"
image="$1" work="$2"
"$here/podman.sh" image exists "$image" && exit 0
mkdir -p "$work"
[ -e "$work/root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" > "$work/debootstrap.log"
rm -rf "$work/root/var/cache/apt/archives"/*.deb "$work/root/var/lib/apt/lists"/*
install -m 0755 "$repo/node_modules/node/bin/node" "$work/root/usr/local/bin/node"
mkdir -p "$work/root/usr/local/lib/node_modules"
cp -a "$(dirname "$(dirname "$(realpath "$(command -v npm)")")")" "$work/root/usr/local/lib/node_modules/"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
# What this machine trusts, the image's build trusts: registries may be reached through a proxy.
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$work/root/usr/local/etc"
echo 'cafile=/etc/ssl/certs/ca-certificates.crt' > "$work/root/usr/local/etc/npmrc"
tar -C "$work/root" -c . | "$here/podman.sh" import - "$image" > /dev/null
