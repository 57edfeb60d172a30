"""De-identification by another implementation: dicom-anonymizer, on a data set that has every attribute of PS3.15 Table E.1-1.

    pip install dicom-anonymizer==2.1.0
    python3 tests/oracles/dicom/every-attribute.py tests/fixtures/dicom

Writes every-attribute.dcm and every-attribute.json: of each tag whether dicom-anonymizer removed, emptied or replaced it.
"""
import json
import sys
from pathlib import Path

import pydicom
from dicomanonymizer import anonymize_dataset
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

VALUES = {
    "DA": "20240131", "TM": "101112", "DT": "20240131101112", "UI": "1.2.3.4.5.6", "AS": "047Y", "DS": "3.5", "IS": "7",
    "US": 7, "SS": -7, "UL": 7, "SL": -7, "FL": 1.5, "FD": 1.5, "OB": b"SECRET", "OW": b"SECRET", "UN": b"SECRET",
    "UR": "http://secret.example", "CS": "SECRET", "AE": "SECRET",
}


def value_of(vr):
    if vr == "SQ":
        item = Dataset()
        item.PatientName = "SECRET^NESTED"
        item.ReferencedSOPInstanceUID = "1.2.3.4.5.6.7"
        return [item]
    return VALUES.get(vr, "SECRET")


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
dataset = Dataset()
dataset.file_meta = FileMetaDataset()
dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
dataset.Modality = "DX"
for tag in table.ALL_TAGS:
    # File meta information is written anew, and repeating groups and the digital signatures' group come as wholes.
    if len(tag) != 2 or tag[0] in (0x0000, 0x0002, 0xFFFA, 0xFFFC):
        continue
    try:
        vr = dictionary_VR(tag).split(" or ")[0]
    except KeyError:
        continue
    if keyword_for_tag(tag) == "":
        continue
    dataset.add_new(tag, vr, value_of(vr))
dataset.save_as(folder / "every-attribute.dcm", enforce_file_format=True)

before = pydicom.dcmread(folder / "every-attribute.dcm")
after = pydicom.dcmread(folder / "every-attribute.dcm")
anonymize_dataset(after, delete_private_tags=True)
outcome = {}
for element in before:
    key = f"{element.tag.group:04X}{element.tag.element:04X}"
    if element.tag not in after:
        outcome[key] = "removed"
        continue
    other = after[element.tag]
    if other.is_empty:
        outcome[key] = "emptied"
    elif str(other.value) == str(element.value):
        outcome[key] = "kept"
    else:
        outcome[key] = "replaced"
(folder / "every-attribute.json").write_text(json.dumps(outcome, indent=0) + "\n")
