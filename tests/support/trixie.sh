#!/bin/bash
# trixie.sh WORD [ARGS]: runs ./dev WORD ARGS on Debian 13, in a root of its own below build-trixie (made by debootstrap the
# first time, kept for the next). Root only. Mounts live in a namespace that ends with it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
debian=$root/build-trixie/root
[ "$(id -u)" = 0 ] || { echo "trixie: only root can make and enter another Debian" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "trixie: debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

if [ ! -e "$debian/kiln-ready" ]; then
  rm -rf --one-file-system "$debian"
  mkdir -p "$debian"
  debootstrap --variant=minbase --include=ca-certificates,git,procps trixie "$debian" >build-trixie/debootstrap.log || {
    tail -n 20 build-trixie/debootstrap.log >&2
    echo "trixie: debootstrap failed (build-trixie/debootstrap.log)" >&2
    exit 1
  }
  touch "$debian/kiln-ready"
fi
if [ -e /etc/resolv.conf ]; then cp -L /etc/resolv.conf "$debian/etc/resolv.conf"; fi

# The sources as they are here; what was built there stays.
mkdir -p "$debian/kiln"
find "$debian/kiln" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --null -T - -cf - | tar -C "$debian/kiln" -xf -

enter='
  set -e
  mount --rbind /proc "$1/proc"
  mount --rbind /dev "$1/dev"
  mount --rbind /sys "$1/sys"
  root=$1
  shift
  exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    KILN_JOBS="${KILN_JOBS:-$(nproc)}" bash -c "cd /kiln && git init -q . 2>/dev/null; exec ./dev \"\$@\"" dev "$@"
'
exec unshare --mount --propagation private --fork --kill-child bash -c "$enter" enter "$debian" "$@"
