"""What torchxrayvision itself answers for real pictures with the small network of pytorch_files.py: its own preprocessing, network and op_norm.

  python served.py SHARED_DATA tests/fixtures/adopt > tests/fixtures/adopt/served.json
"""
import json
import os
import sys

import numpy as np
import torch
import torchxrayvision as xrv
from PIL import Image

root, fixtures = sys.argv[1:3]
model = torch.load(os.path.join(fixtures, "xrv-module-zip.pt"), weights_only=False)
points = torch.tensor([0.1, 0.3, float("nan"), 0.25])
with open(os.path.join(fixtures, "preprocessing.json")) as file:
    names = [name for name in json.load(file)["pictures"] if "/" in name]
document = {}
for name in names:
    with Image.open(os.path.join(root, name)) as image:
        grey = np.asarray(image)
    picture = xrv.datasets.XRayResizer(64)(xrv.datasets.XRayCenterCrop()(xrv.utils.normalize(grey, 255)[None]))
    with torch.no_grad():
        logits = model(torch.from_numpy(picture)[None])
    document[name] = xrv.models.op_norm(torch.sigmoid(logits), points)[0].double().tolist()
json.dump(document, sys.stdout, indent=0)
print()
