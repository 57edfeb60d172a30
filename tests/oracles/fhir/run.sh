#!/bin/sh
# Parses and validates the example bundles with HAPI FHIR (Java 17 and Maven) and writes the outcome to tests/fixtures/messages/fhir/hapi.json.
# Run it in the project's folder after a compilation: sh tests/oracles/fhir/run.sh
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TZ=Europe/Berlin node dist/tests/oracles/fhir/write-bundles.js "$work/bundles"
mvn -q -f tests/oracles/fhir/pom.xml dependency:build-classpath -Dmdep.outputFile="$work/classpath"
java -cp "$(cat "$work/classpath")" tests/oracles/fhir/Validate.java "$work/bundles" tests/fixtures/messages/fhir/hapi.json
