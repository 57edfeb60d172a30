#!/bin/sh
# Lets ConText (medspacy) and NegEx (negspacy) decide on the mentions of the English sentences: sh tests/oracles/report-text/run.sh
# Run it in the project's folder after a compilation, with a Python that has both packages.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node dist/tests/oracles/report-text/write-mentions.js "$work/mentions.json"
"${PYTHON:-python3}" tests/oracles/report-text/context.py "$work/mentions.json" tests/fixtures/report-text/context.json
