#!/bin/sh
# Stands for docker in `npm run dev`: nothing is built or pulled, since "containers" are processes here.
case "$1 ${2-}" in
  "image inspect") case "$*" in *ExposedPorts*) echo 1 ;; esac ;;
  "build "*) cat > /dev/null ;;
esac
exit 0
