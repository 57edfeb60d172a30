#!/usr/bin/env bash
# Builds openjpeg.wasm (only to build it anew). Needs: apt-get install emscripten; the source of OpenJPEG 2.5.4,
# unpacked (Debian: openjpeg2_2.5.4.orig.tar.xz, or the project's release).
#   codecs/openjpeg/build.sh /path/to/openjpeg-2.5.4
set -euo pipefail
source=$(cd "$1/src/lib/openjp2" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/opj_config.h" <<'CONFIG'
#define OPJ_VERSION_MAJOR 2
#define OPJ_VERSION_MINOR 5
#define OPJ_VERSION_BUILD 4
CONFIG
cat > "$work/opj_config_private.h" <<'CONFIG'
#define OPJ_PACKAGE_VERSION "2.5.4"
#define OPJ_HAVE_MALLOC_H
#define OPJ_HAVE_POSIX_MEMALIGN
#define _POSIX_C_SOURCE 200112L
CONFIG
# OpenJPEG's SSE code becomes WebAssembly's 128-bit SIMD.
flags=(-O3 -flto -DNDEBUG -DOPJ_STATIC -msimd128 -msse -msse2 -msse3 -mssse3 -msse4.1 -I"$work" -I"$source")
for name in bio cio dwt event function_list ht_dec image invert j2k jp2 mct mqc openjpeg opj_clock opj_malloc pi sparse_array t2 tcd tgt thread; do
  emcc "${flags[@]}" -c "$source/$name.c" -o "$work/$name.o"
done
# The coding passes stay functions of their own: one huge function leaves V8 without registers and costs a tenth of the time.
emcc "${flags[@]}" -finline-hint-functions -c "$source/t1.c" -o "$work/t1.o"
# Memory ends at 1 GB, so that no codestream takes more.
emcc "${flags[@]}" decode.c "$work"/*.o --no-entry -sSTANDALONE_WASM -sEXPORTED_FUNCTIONS=_malloc,_free -sFILESYSTEM=0 \
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=16MB -sMAXIMUM_MEMORY=1GB -sTOTAL_STACK=1MB -o openjpeg.wasm
chmod 644 openjpeg.wasm
ls -l openjpeg.wasm
sha256sum openjpeg.wasm
