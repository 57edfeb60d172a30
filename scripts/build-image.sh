#!/usr/bin/env bash
# Builds the CPU image, and NAME-demo with an Orthanc in it, with buildah where no registry of images is reached: Debian 12's packages and Node's program from npm take the place of
# the base images. Where a registry is reached, `docker build .` does the same from the base images of the Dockerfile.
#
#   scripts/build-image.sh [NAME]          (root, buildah, debootstrap; NAME: localhost/orthanc-chest-ai:latest)
#
# The packages of the image are listed beside it: NAME's files in artefacts/image (Debian's packages, npm's SBOM).
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-localhost/orthanc-chest-ai:latest}
# The mirror that this machine's apt uses.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2> /dev/null | grep -v security | head -n 1)}
work=${XDG_CACHE_HOME:-$HOME/.cache}/orthanc-chest-ai/image
export BUILDAH_ISOLATION=chroot
case $(uname -m) in
  x86_64) cpu=x64 ;;
  aarch64) cpu=arm64 ;;
  *) echo "expected x86_64 or aarch64, found $(uname -m): npm has no Node for it" >&2; exit 1 ;;
esac
for program in buildah debootstrap npm; do command -v "$program" > /dev/null || { echo "$program is not installed" >&2; exit 1; }; done

mkdir -p "$work"
if [ ! -e "$work/root/.complete" ]; then
  rm -rf "$work/root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" "$mirror"
  chroot "$work/root" sh -c 'groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node && apt-get clean && rm -rf /var/lib/apt/lists/*'
  touch "$work/root/.complete"
fi

# base MAJOR: an image with Node of that version and the npm of this machine, named as the Dockerfile names its base.
base() {
  local folder=$work/node-$1
  if [ ! -x "$folder/bin/node" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    tar -xzf "$(cd "$work" && npm pack --silent "node-linux-$cpu@$1" | sed "s|^|$work/|")" -C "$folder" --strip-components=1
  fi
  local container
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/root" / > /dev/null
  buildah add --quiet --chmod 755 "$container" "$folder/bin/node" /usr/local/bin/node > /dev/null
  buildah add --quiet "$container" "$(npm root --global)/npm" /usr/local/lib/node_modules/npm > /dev/null
  buildah run "$container" -- sh -c 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm; ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx'
  if [ "$1" = 22 ]; then
    # It only builds: what this machine trusts (a proxy's authority, perhaps) is trusted there, and is no part of the image that ships.
    buildah add --quiet "$container" "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" /usr/local/share/builder-certificates.pem > /dev/null
    buildah config --env NODE_EXTRA_CA_CERTS=/usr/local/share/builder-certificates.pem "$container"
  fi
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd node "$container"
  buildah commit --quiet --rm "$container" "localhost/chest-ai-base:node$1" > /dev/null
}
for major in 22 24; do
  buildah images --quiet "localhost/chest-ai-base:node$major" > /dev/null 2>&1 || base "$major"
done

build() { # TARGET NAME
  buildah bud --format docker --pull-never --layers --target "$1" --tag "$2" \
    --build-arg NODE22_IMAGE=localhost/chest-ai-base:node22 --build-arg NODE24_IMAGE=localhost/chest-ai-base:node24 .
}
build runtime "$name"
build demo "${name%:*}-demo:${name##*:}"

mkdir -p artefacts/image
container=$(buildah from --pull-never "$name")
trap 'buildah rm "$container" > /dev/null' EXIT
buildah run --user 0 "$container" -- dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\n' > artefacts/image/debian-packages.tsv
npm sbom --omit=dev --sbom-format=cyclonedx --package-lock-only > artefacts/image/npm.cdx.json
echo "$name"
