#!/bin/sh
# Checks the dashboard against the types that Grafana publishes (Go and the Go module proxy). Run it in the project's folder:
# sh tests/oracles/grafana/run.sh
set -eu
dashboard=$PWD/deploy/monitoring/grafana/dashboards/chest-ai.json
cd tests/oracles/grafana
go run . "$dashboard"
