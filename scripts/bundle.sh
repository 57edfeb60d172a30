#!/usr/bin/env bash
# npm run bundle: one archive with everything that the program needs, for a machine without any network: the compiled program, its packages, Node,
# the starter model, the OHIF viewer, guides, a list of all packages (SBOM) and checksums. For the kind of processor on which it is made.
#
#   artefacts/orthanc-chest-ai-VERSION-linux-CPU.tar.gz      (about 250 MB)
#
# There: tar -xzf …, cd orthanc-chest-ai-VERSION, sha256sum --check --quiet SHA256SUMS, ./chest-ai doctor. Orthanc itself is not in it.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(uname -s)" = Linux ] || { echo "expected Linux, found $(uname -s)" >&2; exit 1; }
version=$(node -p "require('./package.json').version")
case $(uname -m) in
  x86_64) cpu=x64 ;;
  aarch64) cpu=arm64 ;;
  *) echo "expected x86_64 or aarch64, found $(uname -m): npm has no Node for it" >&2; exit 1 ;;
esac
name=orthanc-chest-ai-$version
mkdir -p artefacts
stage=$(mktemp -d "artefacts/bundle-XXXXXX")
trap 'rm -rf "$stage"' EXIT
root=$stage/$name
mkdir -p "$root/dist"

# Compiles if that is due; on the Node that goes into the archive.
CHEST_AI_NODE=24 node bootstrap.mjs help > /dev/null
cp -R dist/src dist/web "$root/dist/"
cp -R bootstrap.mjs package.json package-lock.json LICENSE README.md CHANGELOG.md codecs config models orthanc radiographs docs "$root/"
mkdir -p "$root/deploy" "$root/scripts"
cp -R deploy/systemd deploy/monitoring deploy/nginx.conf.template "$root/deploy/"
cp -R scripts/node "$root/scripts/"

mkdir -p "$root/.node/24"
cp scripts/node/24/package.json scripts/node/24/package-lock.json "$root/.node/24/"
(cd "$root/.node/24" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
rm -rf "$root/.node/24/node_modules/node-linux-$cpu/"{include,share}
(cd "$root" && ONNXRUNTIME_NODE_INSTALL=skip PATH="$PWD/.node/24/node_modules/node-linux-$cpu/bin:$PATH" npm ci --omit=dev --no-audit --no-fund --loglevel=error)

(cd "$root" && ".node/24/node_modules/node-linux-$cpu/bin/node" dist/src/cli.js viewer fetch)
mkdir "$root/viewer"
cp -R "${XDG_CACHE_HOME:-$HOME/.cache}"/orthanc-chest-ai/ohif-app-*/. "$root/viewer/"

cat > "$root/chest-ai" << LAUNCHER
#!/bin/sh
# The program, on the Node of this archive: ./chest-ai doctor, ./chest-ai serve, ./chest-ai demo …
here=\$(dirname "\$(readlink -f "\$0")")
cd "\$here" || exit 1
export NODE_ENV=production VIEWER_DIR="\${VIEWER_DIR:-\$here/viewer}" PATH="\$here/.node/24/node_modules/node-linux-$cpu/bin:\$PATH"
exec node bootstrap.mjs "\$@"
LAUNCHER
chmod 755 "$root/chest-ai"
npm sbom --omit=dev --sbom-format=cyclonedx --package-lock-only > "$root/SBOM.cdx.json"
(cd "$root" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum > SHA256SUMS)

archive=artefacts/$name-linux-$cpu.tar.gz
tar --owner=0 --group=0 --sort=name -C "$stage" -cf - "$name" | gzip -6 > "$archive.new"
mv "$archive.new" "$archive"
(cd artefacts && sha256sum "$(basename "$archive")" > "$(basename "$archive").sha256")
echo "$archive"
