#!/usr/bin/env bash
# Builds rle.wasm from rle.c (only to build it anew). Needs: apt-get install emscripten.
set -euo pipefail
cd "$(dirname "$0")"
emcc -O3 -msimd128 rle.c --no-entry -sSTANDALONE_WASM -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=128KB -sTOTAL_STACK=16KB -sMAXIMUM_MEMORY=1GB -o rle.wasm
chmod 644 rle.wasm
ls -l rle.wasm
