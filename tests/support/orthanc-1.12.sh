#!/bin/sh
# Puts Debian 13's Orthanc (1.12) beside the one that is installed, for the tests, and prints the folder that holds it: a program named
# `Orthanc`, which goes first in PATH. Debian's packages go into a folder of their own in the cache; nothing is installed on this machine
# except debootstrap. A second call returns at once.
#
#   PATH="$(tests/support/orthanc-1.12.sh):$PATH" Orthanc --version
#
# Needs root, for debootstrap and for a mount namespace. Where that is missing it says so on standard error and ends with 1.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/orthanc-chest-ai
home=$cache/orthanc-1.12
# Counts up when what is made here changes.
recipe=1
suite=trixie
# The mirror that this machine's apt uses.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2> /dev/null | grep -v security | head -n 1)}
packages='orthanc orthanc-dicomweb orthanc-webviewer curl'

ready() { [ "$(cat "$home/recipe" 2> /dev/null)" = "$recipe" ]; }
give_up() {
  echo "Orthanc 1.12: $1" >&2
  exit 1
}

if ! ready; then
  [ "$(id -u)" = 0 ] || give_up 'only root can make it (debootstrap)'
  unshare --mount true 2> /dev/null || give_up 'mount namespaces are not permitted here'
  mkdir -p "$cache"
  exec 9> "$cache/orthanc-1.12.lock"
  flock 9
fi

if ! ready; then
  echo 'Making a folder with Orthanc 1.12 of Debian 13 (about a minute, 300 MB) …' >&2
  if ! command -v debootstrap > /dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap; } >&2 || give_up 'debootstrap cannot be installed'
  fi
  new=$home.new
  rm -rf "$home" "$new"
  debootstrap --variant=minbase "$suite" "$new/root" "$mirror" > "$cache/orthanc-1.12.log" 2>&1 || give_up "debootstrap failed, see $cache/orthanc-1.12.log"
  # Debian's way to say that nothing that is installed there starts as a service.
  printf '#!/bin/sh\nexit 101\n' > "$new/root/usr/sbin/policy-rc.d"
  chmod 755 "$new/root/usr/sbin/policy-rc.d"
  # shellcheck disable=SC2086 # one word for each package
  DEBIAN_FRONTEND=noninteractive chroot "$new/root" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" && apt-get clean && rm -rf /var/lib/apt/lists/*' sh $packages >> "$cache/orthanc-1.12.log" 2>&1 || give_up "its packages cannot be installed, see $cache/orthanc-1.12.log"
  mkdir "$new/bin"
  # Debian 13's /usr goes over this machine's, for this one process and what it starts; everything else, the folder for temporary
  # files and the tests' own among it, is where it was. `exec` keeps the process number, and with it signals and PR_SET_PDEATHSIG.
  cat > "$new/bin/Orthanc" << 'WRAPPER'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")/root
exec unshare --mount sh -c 'mount --bind "$0/etc/ld.so.cache" /etc/ld.so.cache && mount --bind "$0/usr" /usr && exec /usr/sbin/Orthanc "$@"' "$root" "$@"
WRAPPER
  chmod 755 "$new/bin/Orthanc"
  echo "$recipe" > "$new/recipe"
  mv "$new" "$home"
fi

"$home/bin/Orthanc" --version 2> /dev/null | grep -q 'Orthanc 1\.12\.' || give_up "the program in $home does not start"
echo "$home/bin"
