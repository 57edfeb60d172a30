#!/usr/bin/env bash
# make.sh DATA WORK: the networks that ship, one for each source left out, the variants that were tried, then models/starter with its
# figures and its card. Each command goes on where it was interrupted. About an hour on two idle processor cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$1 work=$2 recipes=scripts/starter/recipes
train() { npm run --silent chest-ai -- train-starter --data "$data" --work "$work" "$@"; }
train --epochs 12
train --use ct --epochs 12 --from "$(cat "$work/runs/xray/model-version")"
without() { local recipe=$1; shift; train --size 96 --recipe "$recipes/$recipe.json" "${@/#/--leave-out=}"; }
nih=(nih-chest-xray-sample nih-mixed-findings)
radiography=(covid-radiography-covid covid-radiography-normal)
for recipe in plain lungs lungs-crop lungs-equalise; do without $recipe "${radiography[@]}"; done
without lungs-equalise "${nih[@]}"
without plain "${nih[@]}"
without lungs-equalise kermany-paediatric
without lungs-equalise covid-chestxray-2020-03-15
npm run --silent starter-figures -- --data "$data" --work "$work"
