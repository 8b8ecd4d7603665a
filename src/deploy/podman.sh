#!/bin/sh
# Stands for docker when wrangler builds and uploads with podman ($PODMAN, else the one in PATH): `npm run deploy` points
# WRANGLER_DOCKER_BIN here. Only what podman does otherwise than wrangler expects is changed:
#   build          no --provenance and --load, which old ones do not know (what is built is there anyway); the Dockerfile
#                  from standard input goes through a file, since node's pipe is a socket, which podman cannot open
#   push           remembers the digest under which the registry has the image: podman compresses while it uploads,
#   image inspect  so its own digest of the image is another one, and is not what wrangler may deploy
set -eu
podman="${PODMAN:-podman}"
pushed="${XDG_CACHE_HOME:-$HOME/.cache}/opencode-claude-proxy/pushed"
digest_of() { printf '%s/%s' "$pushed" "$(printf %s "$1" | tr -c 'A-Za-z0-9._-' _)"; }

case "${1-} ${2-}" in
  "build "*)
    dockerfile="$(mktemp)"
    trap 'rm -f "$dockerfile"' EXIT
    cat > "$dockerfile"
    shift
    for argument; do
      shift
      case "$argument" in
        --provenance=* | --load) ;;
        -) set -- "$@" "$dockerfile" ;;
        *) set -- "$@" "$argument" ;;
      esac
    done
    # Docker's format: the other one has no HEALTHCHECK.
    "$podman" build --format docker "$@"
    ;;
  "push "*)
    mkdir -p "$pushed"
    "$podman" push --digestfile "$(digest_of "$2")" "$2"
    ;;
  "image inspect")
    case "$*" in
      *RepoDigests*)
        if [ -e "$(digest_of "$3")" ]; then printf '["%s@%s"]\n' "${3%:*}" "$(cat "$(digest_of "$3")")"; else echo '[]'; fi
        ;;
      *) exec "$podman" "$@" ;;
    esac
    ;;
  *) exec "$podman" "$@" ;;
esac
