#!/bin/sh
# Makes the secrets and the TLS certificate that docker-compose.yml needs, each readable only by the service that uses it.
# The service `setup` of docker-compose.yml runs this at every start. What is there already stays as it is.
#
#   setup.sh SECRETS GIVEN [DATA]
#
# SECRETS  gets one folder for each service: orthanc, postgres, chest-ai, tls, prometheus, grafana, keycloak
# GIVEN    files here are used instead of new ones: orthanc-password, database-password, hint-token, metrics-token,
#          grafana-password, oidc-client-secret, keycloak-admin-password, and tls.pem with tls.key (the certificate of the hospital's authority)
# DATA     folders of data whose owner is set: orthanc, chest-ai
#
# As root it gives each file to the account of its service; otherwise every file stays with the user who runs it.
set -eu
umask 077

secrets=${1:?usage: setup.sh SECRETS GIVEN [DATA]}
given=${2:?usage: setup.sh SECRETS GIVEN [DATA]}
data=${3:-}

# The accounts of the images: orthancteam/orthanc and postgres 999, node 1000, nginx 101, Prometheus 65534,
# Grafana 472, Keycloak 1000.
orthanc=999 postgres=999 chest_ai=1000 nginx=101 prometheus=65534 grafana=472 keycloak=1000
certificate_days=397
renew_before_seconds=2592000 # 30 days

own() { # UID PATH
  [ "$(id -u)" != 0 ] || [ "$(stat -c %u:%g "$2")" = "$1:$1" ] || chown "$1:$1" "$2"
}

# Written beside its place and then moved: a service never reads half a file, and an interrupted run leaves none.
store() { # UID FILE, content on standard input
  cat > "$2.new"
  if [ -s "$2" ] && cmp -s "$2.new" "$2"; then
    rm "$2.new"
  else
    mv "$2.new" "$2"
    echo "setup: wrote $2"
  fi
  chmod 400 "$2"
  own "$1" "$2"
}

secret() { # NAME [SERVICE that has it first]: the one given, else the one made before, else a new one
  if [ -s "$given/$1" ]; then
    tr -d '\r\n' < "$given/$1"
  elif [ -s "$secrets/${2:-chest-ai}/$1" ]; then
    cat "$secrets/${2:-chest-ai}/$1"
  else
    openssl rand -hex 24 | tr -d '\n'
  fi
}

for folder in orthanc postgres chest-ai tls prometheus grafana keycloak; do mkdir -p "$secrets/$folder"; done

self_signed() { # UID FOLDER NAMES: tls.pem and tls.key there, unless those that are there are valid for another month
  [ -s "$2/tls.key" ] && [ -s "$2/tls.pem" ] && openssl x509 -in "$2/tls.pem" -noout -checkend $renew_before_seconds > /dev/null && return
  openssl req -x509 -newkey rsa:2048 -nodes -days $certificate_days -subj /CN=localhost \
    -addext 'basicConstraints=critical,CA:FALSE' -addext "subjectAltName=$3" -keyout "$2/key.made" -out "$2/pem.made" 2> /dev/null
  store "$1" "$2/tls.key" < "$2/key.made"
  store "$1" "$2/tls.pem" < "$2/pem.made"
  rm "$2/key.made" "$2/pem.made"
}

# Orthanc's image replaces $NAME in its configuration by a variable of the environment.
if [ -s "$given/orthanc-password" ] && grep -q '[$[:cntrl:]]' "$given/orthanc-password"; then
  echo "setup: $given/orthanc-password must hold one line without \"\$\" and without control characters; choose another password" >&2
  exit 1
fi
# These two stand in files of Keycloak.
for name in oidc-client-secret keycloak-admin-password; do
  if [ -s "$given/$name" ] && ! tr -d '\r\n' < "$given/$name" | grep -Eq '^[A-Za-z0-9._~-]+$'; then
    echo "setup: $given/$name must hold one line of letters, digits and . _ ~ - only; choose another" >&2
    exit 1
  fi
done

# First to the service, which holds what others share with it: what a run that was interrupted has made is found there by the next.
for name in orthanc-password hint-token database-password metrics-token oidc-client-secret; do
  secret "$name" | store $chest_ai "$secrets/chest-ai/$name"
done
for name in orthanc-password hint-token; do store $orthanc "$secrets/orthanc/$name" < "$secrets/chest-ai/$name"; done
store $postgres "$secrets/postgres/database-password" < "$secrets/chest-ai/database-password"

store $prometheus "$secrets/prometheus/metrics-token" < "$secrets/chest-ai/metrics-token"
secret grafana-password grafana | store $grafana "$secrets/grafana/grafana-password"

# Keycloak imports the realm at its first start, and has its first administrator from its configuration.
secret keycloak-admin-password keycloak | store $keycloak "$secrets/keycloak/keycloak-admin-password"
sed -e "s|\${OIDC_CLIENT_SECRET}|$(cat "$secrets/chest-ai/oidc-client-secret")|" -e "s|\${PUBLIC_URL}|${PUBLIC_URL:-https://localhost:8443}|" \
  "$(dirname "$0")/keycloak/realm.json" | store $keycloak "$secrets/keycloak/realm.json"
printf 'bootstrap-admin-username=admin\nbootstrap-admin-password=%s\n' "$(cat "$secrets/keycloak/keycloak-admin-password")" |
  store $keycloak "$secrets/keycloak/keycloak.conf"
self_signed $keycloak "$secrets/keycloak" 'DNS:keycloak.localhost,DNS:localhost,IP:127.0.0.1'
store $chest_ai "$secrets/chest-ai/keycloak.pem" < "$secrets/keycloak/tls.pem"

# A password of one's own may hold characters that mean something in a URL.
password=$(od -An -v -tx1 "$secrets/chest-ai/database-password" | tr -d '\n' | sed 's/ /%/g')
printf 'postgres://chest_ai:%s@postgres/chest_ai' "$password" | store $chest_ai "$secrets/chest-ai/database-url"

# As JSON, for a password of one's own may hold quotation marks: Orthanc's image merges every *.json of its /run/secrets.
password=$(sed 's/[\\"]/\\&/g' "$secrets/orthanc/orthanc-password")
printf '{ "RegisteredUsers": { "chest-ai": "%s" } }\n' "$password" | store $orthanc "$secrets/orthanc/users.json"

certificate=$secrets/tls/tls.pem key=$secrets/tls/tls.key
if [ -s "$given/tls.pem" ] && [ -s "$given/tls.key" ]; then
  store $nginx "$key" < "$given/tls.key"
  store $nginx "$certificate" < "$given/tls.pem"
else
  self_signed $nginx "$secrets/tls" 'DNS:localhost,IP:127.0.0.1,IP:::1'
fi

own $orthanc "$secrets/orthanc"
own $postgres "$secrets/postgres"
own $chest_ai "$secrets/chest-ai"
own $nginx "$secrets/tls"
own $prometheus "$secrets/prometheus"
own $grafana "$secrets/grafana"
own $keycloak "$secrets/keycloak"

# Volumes are made for root; one of an older release may hold files of another account.
if [ -n "$data" ]; then
  for one in "orthanc $orthanc" "chest-ai $chest_ai"; do
    folder=$data/${one% *} account=${one#* }
    if [ -d "$folder" ] && [ "$(id -u)" = 0 ] && [ "$(stat -c %u "$folder")" != "$account" ]; then
      chown -R "$account:$account" "$folder"
      echo "setup: gave $folder to uid $account"
    fi
  done
fi
