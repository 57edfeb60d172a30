#!/bin/sh
# all.sh DATA WORK: everything from the data sets to ../model.json. DATA: the folder of data sets. WORK: an empty folder.
set -e
cd "$(dirname "$0")"
PY=${PYTHON:-python3}
$PY prepare.py --data "$1" --out "$2/cache"
$PY train.py --cache "$2/cache" --out "$2/runs" --net xray --steps 900
$PY train.py --cache "$2/cache" --out "$2/runs" --net ct --steps 300 --lr 2e-3 --start "$2/runs/xray.pt"
for s in covid-chestxray-2020-03-15 kermany-paediatric nih "covid-radiography-covid covid-radiography-normal"; do
  n=$(echo "$s" | tr ' ' '+')
  $PY train.py --cache "$2/cache" --out "$2/runs" --net xray --steps 200 --name "loso-base-$n" --leave-out $s
  $PY train.py --cache "$2/cache" --out "$2/runs" --net xray --steps 200 --name "loso-mix-$n" --leave-out $s --mix-style
done
$PY evaluate.py --cache "$2/cache" --runs "$2/runs" --out ..
$PY evaluate.py --cache "$2/cache" --runs "$2/runs" --out .. --loso
$PY card.py --model ..
$PY ../../../tests/oracles/starter/golden.py --model .. --out ../../../tests/fixtures/starter/golden.json
