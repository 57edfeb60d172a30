#!/bin/sh
# Starts the real Keycloak (Java 17, from Maven Central, about 170 MB) with the realm and the settings that deploy/setup.sh and docker-compose.yml give
# it, and logs in to the service through it. Run it in the project's folder after a compilation: sh tests/oracles/keycloak/run.sh
set -eu
version=26.7.3
cache=${XDG_CACHE_HOME:-$HOME/.cache}/orthanc-chest-ai/keycloak
if [ ! -x "$cache/keycloak-$version/bin/kc.sh" ]; then
  mkdir -p "$cache"
  curl -fsS -o "$cache/keycloak.tar.gz" "https://repo.maven.apache.org/maven2/org/keycloak/keycloak-quarkus-dist/$version/keycloak-quarkus-dist-$version.tar.gz"
  tar -xzf "$cache/keycloak.tar.gz" -C "$cache"
  rm "$cache/keycloak.tar.gz"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A copy: Keycloak writes into its own folder.
cp -a "$cache/keycloak-$version" "$work/keycloak"
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
mkdir "$work/given"
PUBLIC_URL="http://127.0.0.1:$port" sh deploy/setup.sh "$work/secrets" "$work/given"
NODE_EXTRA_CA_CERTS="$work/secrets/chest-ai/keycloak.pem" node bootstrap.mjs --run dist/tests/oracles/keycloak/log-in.js "$work" "$port"
