"""Reads the data sets once, labels, groups and splits them, and keeps them as arrays.

Writes to --out: small.npy (uint8 [N,216,216], for augmented training), exact.npy (float32 [N,192,192] in [0,1], the served
input before standardisation), table.csv (one row an image, in the same order).
"""
import argparse, csv, os, warnings
from collections import defaultdict
from multiprocessing import Pool
import numpy as np
from PIL import Image

SMALL, EXACT = 216, 192
SHARES = (("train", 0.65), ("validation", 0.10), ("calibration", 0.10), ("test", 0.15))
COLUMNS = ["source", "file", "patient", "finding", "view", "kind", "pneumonia", "covid", "group", "split"]
UNKNOWN = -1


def resized(grey, size):
    """Full frame squashed to size x size, PIL's antialiased bilinear, float mode."""
    return np.asarray(Image.fromarray(np.asarray(grey, np.float32), mode="F").resize((size, size), Image.BILINEAR), np.float32)


def read_picture(path):
    return np.asarray(Image.open(path).convert("L"), np.float32) / 255


def read_dicom(path):
    """Grey in [0,1], MONOCHROME2 sense; CT with the lung window where it has Hounsfield units, else the file's window or its full range."""
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    warnings.filterwarnings("ignore")
    d = pydicom.dcmread(path, force=True)
    a = d.pixel_array
    frames = int(d.get("NumberOfFrames", 1) or 1)
    if frames > 1:
        a = a[frames // 2]
    if int(d.get("SamplesPerPixel", 1)) > 1:
        a = a.astype(np.float32).mean(-1)
    if a.ndim != 2 or min(a.shape) < 8:
        raise ValueError("no usable image")
    if d.get("Modality") == "CT" and "RescaleIntercept" in d and d.RescaleIntercept < -500:
        a = (apply_modality_lut(a, d).astype(np.float64) + 600 + 750) / 1500
    else:
        try:
            a = np.asarray(apply_voi_lut(apply_modality_lut(a, d), d), np.float64)
        except Exception:
            a = np.asarray(a, np.float64)
        a = (a - a.min()) / max(a.max() - a.min(), 1e-9)
    a = np.clip(a, 0, 1).astype(np.float32)
    return 1 - a if d.get("PhotometricInterpretation") == "MONOCHROME1" else a


def labels(source, finding):
    """(pneumonia, covid): 1, 0 or UNKNOWN."""
    parts = set(finding.split("|"))
    if source == "covid-ct-ucsd":
        return UNKNOWN, int(finding == "COVID-19")
    if "COVID-19" in parts:
        return 1, 1
    if parts & {"Pneumonia", "Pneumonia/Bacterial", "Pneumonia/Viral", "SARS", "Streptococcus", "Pneumocystis"}:
        return 1, 0
    if parts <= {"Infiltration", "Consolidation", "ARDS"}:
        return UNKNOWN, 0
    return 0, 0


def kind_of(source, view):
    if source == "covid-ct-ucsd":
        return "ct"
    if view == "CT":
        return "ct-published"      # CT slices in the X-ray collection: negatives for the X-ray gate only
    if view == "L":
        return "lateral"
    return "frontal"


def dicom_kind(path):
    """WG04 is kept for the test alone, and so is whatever shows the same picture elsewhere."""
    name = os.path.basename(path)
    if "WG04" in path:
        return "dicom-chest" if name.startswith("RG1") else "dicom-ct-chest" if name.startswith("CT1") else "dicom-test"
    if any(k in name for k in ("JPEG2000", "JPGExtended", "JPEG-lossy", "examples_jpeg2k")):
        return "dicom-test"
    return "dicom-train"


def listing(data):
    rows = []
    for source in sorted(os.listdir(data)):
        path = os.path.join(data, source, "metadata.csv")
        if not os.path.exists(path):
            continue
        for r in csv.DictReader(open(path, newline="", encoding="utf-8")):
            file = os.path.join(data, source, "images", r["filename"])
            if not os.path.exists(file):
                continue
            pneumonia, covid = labels(source, r["finding"])
            patient = r["Patientid"].removeprefix("nih-").lstrip("0") if source.startswith("nih") else source + ":" + r["Patientid"]
            rows.append(dict(source=source, file=file, patient=("nih:" if source.startswith("nih") else "") + patient,
                             finding=r["finding"], view=r.get("view", ""), kind=kind_of(source, r.get("view", "")),
                             pneumonia=pneumonia, covid=covid))
    index = os.path.join(data, "dicom", "index.csv")
    for r in csv.DictReader(open(index, newline="")) if os.path.exists(index) else []:
        if not r["rows"] or int(r["rows"]) < 32 or r["modality"] in ("RTDOSE",) or r["chest"] == "yes" and int(r["rows"]) < 64:
            continue
        kind = dicom_kind(r["path"])
        rows.append(dict(source="dicom", file=os.path.join(data, "dicom", r["path"]), patient="dicom:" + r["path"], finding="",
                         view=r["modality"], kind=kind, pneumonia=UNKNOWN, covid=UNKNOWN))
    return rows


def load(row):
    try:
        grey = read_dicom(row["file"]) if row["source"] == "dicom" else read_picture(row["file"])
    except Exception as error:
        return row["file"], None, str(error)
    return (np.round(np.clip(resized(grey, SMALL), 0, 1) * 255).astype(np.uint8), np.clip(resized(grey, EXACT), 0, 1), resized(grey, 32))


def near_duplicates(rows, thumbs, minimum, crossing):
    """Pairs of images that are the same picture or nearly.

    The 32 x 32 thumbnails of two images of one kind correlate at least `minimum`; between the two COVID-19 collections, which share
    pictures in other crops, at least `crossing`, also when either is cropped by a tenth.
    """
    def unit(t):
        t = t.reshape(len(t), -1).astype(np.float32)
        t = t - t.mean(1, keepdims=True)
        return t / np.maximum(np.linalg.norm(t, axis=1, keepdims=True), 1e-6)
    t = unit(thumbs)
    for i in range(0, len(t), 1000):
        a, b = np.nonzero(t[i:i + 1000] @ t.T >= minimum)
        yield from ((x, y) for x, y in zip(a + i, b) if x < y)
    first = [i for i, r in enumerate(rows) if r["source"] == "covid-chestxray-2020-03-15"]
    second = [i for i, r in enumerate(rows) if r["source"] == "covid-radiography-covid"]
    boxes = [(0, 0, 32, 32), (1.5, 1.5, 30.5, 30.5), (3, 0, 32, 32), (0, 0, 29, 32), (0, 3, 32, 32), (0, 0, 32, 29)]
    def cut(indices, box):
        return unit(np.stack([np.asarray(Image.fromarray(thumbs[i], mode="F").resize((32, 32), Image.BILINEAR, box=box)) for i in indices]))
    for p in boxes:
        for q in boxes:
            a, b = np.nonzero(cut(first, p) @ cut(second, q).T >= crossing)
            yield from ((first[x], second[y]) for x, y in zip(a, b))


def groups_of(rows, thumbs, minimum, crossing):
    parent = list(range(len(rows)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i
    first = {}
    for i, r in enumerate(rows):
        parent[root(i)] = root(first.setdefault(r["patient"], i))
    for a, b in near_duplicates(rows, thumbs, minimum, crossing):
        parent[root(a)] = root(b)
    return [root(i) for i in range(len(rows))]


def split(rows, seed):
    """Whole groups to train / validation / calibration / test, stratified by source and rarest label in the group."""
    members, strata = defaultdict(list), defaultdict(list)
    for i, r in enumerate(rows):
        members[r["group"]].append(i)
    for g, m in members.items():
        kinds = sorted({rows[i]["kind"] for i in m}, key=["lateral", "ct-published", "frontal"].index) if rows[m[0]]["source"] != "dicom" and all(rows[i]["kind"] in ("lateral", "ct-published", "frontal") for i in m) else [rows[m[0]]["kind"]]
        finding = max(rows[i]["pneumonia"] + 2 * rows[i]["covid"] for i in m)
        strata[(rows[m[0]]["source"], kinds[0], finding)].append(g)
    rng = np.random.default_rng(seed)
    for key in sorted(strata):
        groups = strata[key]
        if key[0] == "dicom":
            for g in groups:
                for i in members[g]:
                    rows[i]["split"] = "train" if rows[i]["kind"] == "dicom-train" else "test"
            continue
        rng.shuffle(groups)
        total = sum(len(members[g]) for g in groups)
        filled = dict.fromkeys([s for s, _ in SHARES], 0)
        for g in groups:   # to the split that is furthest below its share
            name = max(SHARES, key=lambda s: s[1] * total - filled[s[0]])[0]
            filled[name] += len(members[g])
            for i in members[g]:
                rows[i]["split"] = name


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True); p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, default=20200315)
    p.add_argument("--duplicate", type=float, default=0.96, help="thumbnail correlation from which two images are one group")
    p.add_argument("--crossing", type=float, default=0.94, help="the same between the two COVID-19 collections")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    rows = listing(a.data)
    with Pool() as pool:
        loaded = pool.map(load, rows, chunksize=32)
    for r, l in zip(rows, loaded):
        if l[1] is None:
            print("left out:", os.path.relpath(r["file"], a.data), l[2][:80])
    kept = [(r, l) for r, l in zip(rows, loaded) if l[1] is not None]
    rows = [r for r, _ in kept]
    np.save(os.path.join(a.out, "small.npy"), np.stack([l[0] for _, l in kept]))
    np.save(os.path.join(a.out, "exact.npy"), np.stack([l[1] for _, l in kept]))
    thumbs = np.stack([l[2] for _, l in kept])
    np.save(os.path.join(a.out, "thumbs.npy"), thumbs)
    for r, g in zip(rows, groups_of(rows, thumbs, a.duplicate, a.crossing)):
        r["group"] = g
    split(rows, a.seed)
    with open(os.path.join(a.out, "table.csv"), "w", newline="") as f:
        w = csv.DictWriter(f, COLUMNS)
        w.writeheader()
        for r in rows:
            w.writerow({**r, "file": os.path.relpath(r["file"], a.data)})
    count = defaultdict(int)
    for r in rows:
        count[(r["source"], r["kind"], r["split"])] += 1
    for k in sorted(count):
        print(*k, count[k])
    sizes = defaultdict(int)
    for r in rows:
        sizes[r["group"]] += 1
    print("groups", len(sizes), "largest", sorted(sizes.values())[-8:])


if __name__ == "__main__":
    main()
