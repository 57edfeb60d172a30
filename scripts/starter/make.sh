#!/usr/bin/env bash
# make.sh DATA WORK: the networks that ship, a network without each source with three seeds, then models/starter with its figures and
# its card. Each command goes on where it was interrupted, and a finished run is not repeated. About eight hours on two idle processor
# cores; SEEDS and EPOCHS make it shorter.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$1 work=$2 size=${SIZE:-128} epochs=${EPOCHS:-24}
# Never trained on by the network that ships, and never looked at while the recipe was chosen.
unseen=(shenzhen-tb openist-normal hannover-mhh covid-chestxray-2020-06)
chest_ai() { npm run --silent chest-ai -- "$@"; }
# finished NAME: whether the run wrote its model; else the command after it trains on
train() { local name=$1; shift; [ -f "$work/runs/$name/model-version" ] || chest_ai train-starter --data "$data" --work "$work" "$@"; }
name_without() { local name=xray one; for one in "$@"; do name+=-without-$one; done; printf %s "$name"; }

chest_ai weights fetch google/efficientnet-lite0
shipped=$(name_without "${unseen[@]}")
train "$shipped" --size "$size" --epochs "$epochs" --from models/starter "${unseen[@]/#/--leave-out=}"
[ -f "$work/runs/ct/model-version" ] || chest_ai train-starter --data "$data" --work "$work" --use ct --size 192 --epochs "$epochs" \
  --from "$(cat "$work/runs/$shipped/model-version")"
# Sources of one hospital or one compilation are left out together.
groups=("nih-chest-xray-sample nih-mixed-findings" "covid-radiography-covid covid-radiography-normal" kermany-paediatric shenzhen-tb jsrt
  openist-normal hannover-mhh "covid-chestxray-2020-03-15 covid-chestxray-2020-06" covid-cxnet)
for seed in ${SEEDS:-1 2 3}; do
  for group in "${groups[@]}"; do
    read -ra sources <<< "$group"
    train "$(name_without "${sources[@]}")-seed-$seed" --size "$size" --epochs "$((epochs / 2))" --seed "$seed" "${sources[@]/#/--leave-out=}"
  done
done
npm run --silent starter-figures -- --data "$data" --work "$work" --xray "$shipped"
