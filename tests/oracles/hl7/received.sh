#!/bin/sh
# Parses messages as a RIS sends them with HAPI (Java 17 and Maven) and writes what it found to tests/fixtures/messages/hl7/received-hapi.json.
# Run it in the project's folder after a compilation: sh tests/oracles/hl7/received.sh
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node dist/tests/oracles/hl7/write-received.js "$work/messages"
mvn -q -f tests/oracles/hl7/pom.xml dependency:build-classpath -Dmdep.outputFile="$work/classpath"
java -cp "$(cat "$work/classpath")" tests/oracles/hl7/Fields.java "$work/messages" tests/fixtures/messages/hl7/received-hapi.json
