#!/usr/bin/env bash
# Tries the archive of `npm run bundle` in a network namespace without any route: checksums, doctor, and the demonstration with the Orthanc of
# this machine. Needs root.
#
#   scripts/test-bundle.sh ARCHIVE
set -euo pipefail
archive=$(readlink -f "${1:?usage: test-bundle.sh ARCHIVE}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzf "$archive" -C "$folder"
cd "$folder"/*
sha256sum --check --quiet SHA256SUMS
# A home of its own: nothing that an earlier run fetched is at hand.
# shellcheck disable=SC2016 # expanded by the shell inside
exec_in_nowhere() {
  unshare --net --pid --fork --kill-child --mount-proc sh -euc 'ip link set lo up; [ -z "$(ip route)" ]; exec env -i HOME="$0" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$folder/home" "$@"
}
exec_in_nowhere ./chest-ai doctor
exec_in_nowhere ./chest-ai demo --once
echo 'The demonstration ended as expected, without a network.'
