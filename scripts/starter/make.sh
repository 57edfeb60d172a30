#!/usr/bin/env bash
# make.sh DATA WORK: the networks that ship, one for each source left out, the variants that were tried, then models/starter with its
# figures and its card. Each command goes on where it was interrupted. An hour and a half on two idle processor cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$1 work=$2 recipes=scripts/starter/recipes
train() { npm run --silent chest-ai -- train-starter --data "$data" --work "$work" "$@"; }
train --epochs 3
train --use ct --epochs 12 --from "$(cat "$work/runs/xray/model-version")"
nih=(--leave-out nih-chest-xray-sample --leave-out nih-mixed-findings)
radiography=(--leave-out covid-radiography-covid --leave-out covid-radiography-normal)
train --size 96 --recipe $recipes/lungs.json "${nih[@]}"
train --size 96 --recipe $recipes/lungs.json "${radiography[@]}"
train --size 96 --recipe $recipes/lungs.json --leave-out kermany-paediatric
train --size 96 --recipe $recipes/lungs.json --leave-out covid-chestxray-2020-03-15
train --size 96 --recipe $recipes/plain.json "${nih[@]}"
train --size 96 --recipe $recipes/plain.json "${radiography[@]}"
train --size 96 --recipe $recipes/lungs-often.json "${radiography[@]}"
npm run --silent starter-figures -- --data "$data" --work "$work"
