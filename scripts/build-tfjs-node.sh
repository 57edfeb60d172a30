#!/usr/bin/env bash
# Builds the native addon of @tensorflow/tfjs-node from its npm sources against the TensorFlow library of a wheel from
# PyPI, and leaves it in node_modules. For machines that cannot reach the vendor's storage, from which the package's own
# install step fetches libtensorflow 2.9.1, and for GPUs that 2.9.1 (CUDA 11.2) has no kernels for.
#
#   scripts/build-tfjs-node.sh        the processor:   @tensorflow/tfjs-node,     wheel tensorflow-cpu 2.15.1 (200 MB)
#   scripts/build-tfjs-node.sh gpu    an NVIDIA card:  @tensorflow/tfjs-node-gpu, wheel tensorflow 2.15.1 (460 MB), and
#                                     CUDA 12.2 with cuDNN 8.9 from NVIDIA's wheels (1.6 GB)
#
# Needs Linux x64, Node 22 with its headers (node's own include folder, or Debian's libnode-dev), python3 with pip,
# a C++17 compiler and make; about 2 GB of disk for the processor, 6 GB for a card. `npm ci` removes it again.
# Why 2.15.1: the first wheels have the C interface inside Python's own extension; from 2.12 on it is a library by itself.
set -euo pipefail

kind=${1:-cpu}
version=4.22.0
tensorflow=2.15.1
case $kind in
  cpu) package=tfjs-node wheels=("tensorflow-cpu==$tensorflow") ;;
  gpu) package=tfjs-node-gpu
       wheels=("tensorflow==$tensorflow" nvidia-cublas-cu12==12.2.5.6 nvidia-cuda-cupti-cu12==12.2.142 nvidia-cuda-nvcc-cu12==12.2.140 nvidia-cuda-nvrtc-cu12==12.2.140
         nvidia-cuda-runtime-cu12==12.2.140 nvidia-cudnn-cu12==8.9.4.25 nvidia-cufft-cu12==11.0.8.103 nvidia-curand-cu12==10.3.3.141 nvidia-cusolver-cu12==11.5.2.141
         nvidia-cusparse-cu12==12.1.2.141 nvidia-nccl-cu12==2.16.5 nvidia-nvjitlink-cu12==12.2.140) ;;
  *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "expected Linux x86_64, found $(uname -sm): the wheels are built for nothing else" >&2; exit 1; }

cd "$(dirname "$0")/.."
home=node_modules/@tensorflow/$package
cache=${XDG_CACHE_HOME:-$HOME/.cache}/chest-ai/tensorflow-$tensorflow-$kind

# The sources; without scripts, because the install step is what this replaces. (`--save-prod`, because npm takes no notice of
# an optional peer dependency that is asked for with `--no-save` alone.)
[ -f "$home/package.json" ] || npm install --no-save --save-prod --ignore-scripts --no-audit --no-fund --loglevel=error "@tensorflow/$package@$version"

# The library: no Python of that version is needed to take a wheel apart.
if [ ! -f "$cache/complete" ]; then
  mkdir -p "$cache/wheels"
  for wheel in "${wheels[@]}"; do
    python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 311 --platform manylinux2014_x86_64 --platform manylinux1_x86_64 --dest "$cache/wheels" "$wheel"
  done
  python3 - "$cache" <<'PYTHON'
import pathlib, re, sys, zipfile
cache = pathlib.Path(sys.argv[1])
wanted = re.compile(r"tensorflow/include/.*|tensorflow/(libtensorflow_(?:cc|framework)\.so\.2)|nvidia/[^/]+/lib/(lib[^/]+\.so[^/]*)|nvidia/cuda_nvcc/(?:bin|nvvm)/.*")
for wheel in (cache / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            match = wanted.fullmatch(name)
            if not match or name.endswith("/"):
                continue
            library = match[1] or match[2]
            target = cache / ("lib/" + library if library else name.removeprefix("tensorflow/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
            if "/bin/" in name:
                target.chmod(0o755)
PYTHON
  rm -r "$cache/wheels"
  touch "$cache/complete"
fi

# The addon asks the linker for -ltensorflow and -ltensorflow_framework and looks for what it got by SONAME in deps/lib.
mkdir -p "$home/deps/lib"
ln -sfn "$cache/include" "$home/deps/include"
for library in "$cache"/lib/*; do ln -sf "$library" "$home/deps/lib/"; done
ln -sf libtensorflow_cc.so.2 "$home/deps/lib/libtensorflow.so"
ln -sf libtensorflow_framework.so.2 "$home/deps/lib/libtensorflow_framework.so"

# Headers beside this node if it has them (tar archives and Docker images), else Debian's; nodejs.org is not asked.
nodedir=$(node -p "require('node:path').resolve(require('node:fs').realpathSync(process.execPath), '../..')")
[ -f "$nodedir/include/node/node_api.h" ] || { echo "expected Node's headers at $nodedir/include/node, found none: install libnode-dev, or use a Node that carries them" >&2; exit 1; }
(cd "$home" && PATH="$PWD/../../.bin:$PATH" CXXFLAGS=-std=c++17 node ../../@mapbox/node-pre-gyp/bin/node-pre-gyp install --build-from-source --nodedir="$nodedir" --loglevel=warn)

node -e "
  const tf = require('@tensorflow/$package');
  const sum = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).sum().dataSync()[0]);
  if (sum !== 12) throw new Error('expected 12 from a product of matrices, found ' + sum);
  console.log('@tensorflow/$package', tf.version['tfjs-node'], 'with TensorFlow', tf.backend().binding.TF_Version, tf.backend().isUsingGpuDevice ? 'on the GPU' : 'on the processor');
"
