"""The card's figures once more, by the product: the same split, judged by `chest-ai evaluate` with the shipped weights.

  python3 in_product.py --cache CACHE --data DATA [--split test]       CACHE: what prepare.py wrote; DATA: the folder of data sets

Writes the split as metadata.csv with links to the images, runs `evaluate` on each network, and prints the card's figure (figures.json,
computed by evaluate.py with PyTorch) beside the product's. Exit status 1 if an AUROC differs by more than 0.005. The figures of sources
left out belong to other weights, which are trained for that alone and do not ship: `chest-ai train-starter --leave-out SOURCE` makes such.
"""
import argparse, csv, json, os, subprocess, sys, tempfile

FINDING = {(1, 1): "COVID-19", (1, 0): "Pneumonia", (0, 0): "No Finding", (-1, 0): "ARDS", (-1, 1): "COVID-19"}


def write(rows, data, out):
    os.makedirs(os.path.join(out, "images"))
    with open(os.path.join(out, "metadata.csv"), "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["Patientid", "finding", "view", "source", "filename"])
        for i, r in enumerate(rows):
            name = "%05d%s" % (i, os.path.splitext(r["file"])[1])
            os.symlink(os.path.join(data, r["file"]), os.path.join(out, "images", name))
            w.writerow(["group-" + r["group"], FINDING[(int(r["pneumonia"]), int(r["covid"]))], r["view"], r["source"], name])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cache", required=True); p.add_argument("--data", required=True); p.add_argument("--split", default="test")
    a = p.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    table = list(csv.DictReader(open(os.path.join(a.cache, "table.csv"))))
    figures, worst = json.load(open(os.path.join(here, "..", "figures.json"))), 0
    for network, kind in (("xray", "frontal"), ("ct", "ct")):
        rows = [r for r in table if r["kind"] == kind and r["split"] == a.split]
        with tempfile.TemporaryDirectory() as work:
            out = os.path.join(work, "starter-" + a.split)
            write(rows, os.path.abspath(a.data), out)
            run = subprocess.run(["node", os.path.join(here, "../../../dist/src/cli.js"), "evaluate", "--model", os.path.join(here, ".."), "--network", network, "--dataset", out, "--json"], stdout=subprocess.PIPE, check=True)
        report = json.loads(run.stdout)
        print("%s, %s split: %d images, %d patients, %.1f %% refused by the gates" % (network, a.split, report["n"], report["patients"], 100 * report["refused"]["share"]))
        for name, got in report["perClass"].items():
            card = figures[network]["findings"][name]["test"] if a.split == "test" else {}
            mine = {"n": got["n"], "positive": got["positives"], "auroc": got["auroc"]["value"], "brier": got["brier"], "ece": got["ece"],
                    "sensitivityAtPresent": got["sensitivity"]["value"], "specificityAtPresent": got["specificity"]["value"]}
            for key, value in mine.items():
                print("  %-10s %-22s card %-8s product %s" % (name, key, card.get(key, "-"), value if isinstance(value, int) else "-" if value is None else round(value, 3)))
            print("  %-10s %-22s card %-16s product %s" % (name, "aurocInterval", card.get("aurocInterval", "-"), [round(v, 3) for v in got["auroc"]["interval"] or []]))
            if card:
                worst = max(worst, abs(card["auroc"] - mine["auroc"]))
    sys.exit(1 if worst > 0.005 else 0)


if __name__ == "__main__":
    main()
