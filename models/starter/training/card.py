"""Writes CARD.md from figures.json and model.json, so that no figure is typed by hand."""
import argparse, json, os, re

NAMES = {"covid-chestxray-2020-03-15": "covid-chestxray (March 2020)", "covid-radiography-covid": "COVID-19 Radiography, COVID-19",
         "covid-radiography-normal": "COVID-19 Radiography, normal", "kermany-paediatric": "Kermany, children", "nih": "NIH ChestX-ray14",
         "covid-ct-ucsd": "COVID-CT (UCSD)"}


def span(v):
    return f" ({v[0]:.2f}–{v[1]:.2f})" if v else ""


def number(m, key, digits=2):
    return f"{m[key]:.{digits}f}{span(m.get(key + 'Interval'))}" if key in m else "–"


def finding_rows(f, extra=()):
    rows = [("all", f["test"])] + list(extra) + [(NAMES.get(s, s), m) for s, m in f["bySource"].items()]
    lines = ["| test images of | n | positive | AUROC | sensitivity at `presentFrom` | specificity at `presentFrom` | positives not called absent | undetermined | ECE | Brier |", "|---|---|---|---|---|---|---|---|---|---|"]
    for label, m in rows:
        if m["n"]:
            lines.append(f"| {label} | {m['n']} | {m['positive']} | {number(m, 'auroc')} | {number(m, 'sensitivityAtPresent')} | {number(m, 'specificityAtPresent')} | "
                         f"{number(m, 'notCalledAbsent')} | {m['undetermined']:.2f} | {m['ece']:.3f} | {m['brier']:.3f} |")
    return "\n".join(lines)


def refusal_rows(sets):
    lines = ["| pictures | n | refused | by the gate output | by distance |", "|---|---|---|---|---|"]
    for label, m in sets:
        lines.append(f"| {label} | {m['n']} | {100 * m['refused']:.1f} % | {100 * m['byOutput']:.1f} % | {100 * m['byDistance']:.1f} % |")
    return "\n".join(lines)


def gate_rows(g):
    words = {"rot90": "turned by 90°", "rot180": "turned by 180°", "rot270": "turned by 270°", "flip-vertical": "upside down (flipped)", "inverted": "grey scale inverted",
             "crop": "extreme crops", "strip": "crop on plain ground", "montage": "two-image montages", "quarters": "quarters in another order", "drawn": "blank, noise, gradient, stripes, text, screenshots",
             "ct": "CT slices (held out)", "xray": "frontal chest X-rays (held out)", "lateral": "lateral chest (held out)", "lateralInTraining": "lateral chest (seen in training: proves little)",
             "dicomNotChest": "DICOM files of other body parts and devices, distinct pictures (WG04 and the same pictures elsewhere)"}
    good = [("**held-out chest images (wrongly refused)**", g["chestTest"])] + [("… " + NAMES.get(s, s), m) for s, m in g["chestTestBySource"].items()]
    if "chestTestInScanner" in g:
        good = good[:1] + [("the same slices drawn as a scanner's full field", g["chestTestInScanner"])]
    return refusal_rows(good) + "\n\n" + refusal_rows([(words[k], m) for part in ("made", "other") for k, m in g[part].items()])


def dicom_rows(g, findings):
    lines = ["| picture | gate output | distance | accepted | " + " | ".join(findings) + " |", "|---|---|---|---|" + "---|" * len(findings)]
    same = {}   # one row for each picture: WG04 holds each in several transfer syntaxes
    for file, m in sorted(g["dicom"].items()):
        if re.match(r"[A-Z]+\d_", file):
            same.setdefault(file.split("_")[0], []).append(m)
    spread = lambda ms, key, digits: (lambda v: v[0] if v[0] == v[-1] else f"{v[0]}–{v[-1]}")(sorted({f"{m[key]:.{digits}f}" for m in ms}, key=float))
    for name, ms in same.items():
        accepted = {m["accepted"] for m in ms}
        lines.append(f"| {name}, {len(ms)} file{'s' * (len(ms) > 1)} | {spread(ms, 'gate', 3)} | {spread(ms, 'distance', 1)} | {'yes' if accepted == {True} else 'no' if accepted == {False} else 'some'} | " + " | ".join(spread(ms, n, 2) for n in findings) + " |")
    return "\n".join(lines)


def loso_rows(loso):
    lines = ["| left out | variant | n | pneumonia AUROC | COVID-19 AUROC | pneumonia sensitivity / specificity | COVID-19 sensitivity / specificity | chest images refused by the gate |", "|---|---|---|---|---|---|---|---|"]
    for key, e in sorted(loso.items(), key=lambda kv: (kv[0].replace("mixstyle ", ""), kv[0])):
        p, c = e["pneumonia"], e["covid-19"]
        covid = number(c, "auroc") if "auroc" in c else f"{c['aurocAgainstOtherSources']:.2f} †" if "aurocAgainstOtherSources" in c else "–"
        pair = lambda m: " / ".join(f"{m[k]:.2f}" if k in m else "–" for k in ("sensitivityAtPresent", "specificityAtPresent"))
        left = " + ".join(NAMES.get(s, s) for s in key.split("without ")[1].split(" + "))
        lines.append(f"| {left} | {'MixStyle' if e['mixStyle'] else 'as served'} | {e['gate']['n']} | {number(p, 'auroc')} | {covid} | {pair(p)} | {pair(c)} | {100 * e['gate']['refused']:.0f} % |")
    return "\n".join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True)
    a = p.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    f, model = json.load(open(os.path.join(a.model, "figures.json"))), json.load(open(os.path.join(a.model, "model.json")))
    x, c = f["xray"], f["ct"]
    limits = "\n".join(f"| {kind} | {o['name']} | {o['temperature']} | " + (f"{o['absentBelow']} | {o['presentFrom']} |" if o["kind"] == "finding" else f"– | accepted from {o['acceptFrom']}, distance up to {n['gate']['maxDistance']} |")
                       for kind, n in model["networks"].items() for o in n["outputs"])
    values = {"CREATED": model["created"], "PARAMETERS": f"{f['made']['xray']['parameters']:,}", "XIMAGES": ", ".join(f"{k} {v}" for k, v in x["images"].items()),
              "CIMAGES": ", ".join(f"{k} {v}" for k, v in c["images"].items()), "LIMITS": limits,
              "PNEUMONIA": finding_rows(x["findings"]["pneumonia"]), "COVID": finding_rows(x["findings"]["covid-19"]),
              "CTCOVID": finding_rows({**c["findings"]["covid-19"], "bySource": {}}, [("by patient, mean of the 4 highest slices", c["findings"]["covid-19"]["study"])]),
              "XGATE": gate_rows(x["gate"]), "CGATE": gate_rows(c["gate"]), "XDICOM": dicom_rows(x["gate"], ["pneumonia", "covid-19"]), "CDICOM": dicom_rows(c["gate"], ["covid-19"]),
              "LOSO": loso_rows(f["leaveOneSourceOut"]), "XSTEPS": str(f["made"]["xray"]["steps"]), "CSTEPS": str(f["made"]["ct"]["steps"]),
              "LSTEPS": str(next(iter(f["leaveOneSourceOut"].values()), {"steps": "–"})["steps"]),
              "COVERED": "\n".join(f"| {n} | {x['findings'][n]['test']['auroc']:.2f} | {x['shortcuts']['lungsCovered'][n]:.2f} | {x['shortcuts']['frameCovered'][n]:.2f} | {x['shortcuts']['cramersVLabelSource'][n]:.2f} |" for n in ("pneumonia", "covid-19")),
              "PROBE": f"{100 * x['shortcuts']['sourceFromEmbedding']['balancedAccuracy']:.0f} %", "SITES": str(x["shortcuts"]["sourceFromEmbedding"]["sources"]),
              "MIX": "with MixStyle" if f["made"]["xray"]["mix_style"] else "without MixStyle"}
    text = open(os.path.join(here, "card.template.md"), encoding="utf-8").read()
    for k, v in values.items():
        text = text.replace("{{" + k + "}}", v)
    assert "{{" not in text, text[text.index("{{"):][:40]
    open(os.path.join(a.model, "CARD.md"), "w", encoding="utf-8").write(text)


if __name__ == "__main__":
    main()
