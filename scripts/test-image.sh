#!/usr/bin/env bash
# Tries the image that scripts/build-image.sh built, without root rights in it, with a root file system that cannot be written and without
# network: which Node runs, whether doctor is content, and the demonstration from beginning to end.
#
#   scripts/test-image.sh [NAME]
set -euo pipefail
name=${1:-localhost/orthanc-chest-ai:latest}
export BUILDAH_ISOLATION=chroot

container=$(buildah from --pull-never "${name%:*}-demo:${name##*:}")
trap 'buildah rm "$container" > /dev/null' EXIT
root=$(buildah mount "$container")

# What `docker run --user 1000 --read-only --tmpfs /tmp --network none --cap-drop ALL` gives, by Linux's own means: buildah's isolations
# either need a daemon's rights or can neither forbid writing nor take the network away.
inside() {
  # shellcheck disable=SC2016 # expanded by the shell inside
  unshare --mount --net --pid --fork --kill-child sh -eu -c '
    root=$1; shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=0700,uid=1000,gid=1000 tmpfs "$root/var/lib/chest-ai"
    mount -o remount,bind,ro "$root"
    ip link set lo up
    cd "$root"
    exec setpriv --bounding-set=-all,+setuid,+setgid,+sys_chroot chroot --userspec=1000:1000 "$root" \
      env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin NODE_ENV=production DATA_DIR=/var/lib/chest-ai HOST=127.0.0.1 VIEWER_DIR=/app/viewer HOME=/tmp \
      setpriv --no-new-privs sh -c "cd /app && exec \"\$@\"" sh "$@"
  ' sh "$root" "$@"
}
inside sh -c 'echo "Node $(node --version), uid $(id -u), capabilities $(grep CapEff /proc/self/status)"'
inside sh -c '! touch /app/written 2> /dev/null' || { echo 'the root file system can be written' >&2; exit 1; }
inside sh -c '! node -e "fetch(\"http://192.0.2.1\").then(() => process.exit(0), () => process.exit(1))"' || { echo 'there is a network' >&2; exit 1; }
inside npm run --silent demo -- --once
echo 'The demonstration ended as expected inside the image.'
