"""Writes src/dicom/deidentification/profile-actions.ts: the Basic Profile column of PS3.15 Table E.1-1.

    pip install dicom-anonymizer==2.1.0
    python3 tests/oracles/dicom/confidentiality-profile.py > src/dicom/deidentification/profile-actions.ts

The package states the table of one edition of the standard in a file of its own. Repeating groups (curves 50xx, overlays 60xx)
are left out: the program removes these groups as a whole.
"""

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table

ACTIONS = {
    "D": table.D_TAGS,
    "Z": table.Z_TAGS,
    "X": table.X_TAGS,
    "U": table.U_TAGS,
    "Z/D": table.Z_D_TAGS,
    "X/Z": table.X_Z_TAGS,
    "X/D": table.X_D_TAGS,
    "X/Z/D": table.X_Z_D_TAGS,
    "X/Z/U*": table.X_Z_U_STAR_TAGS,
}

print("// Written by tests/oracles/dicom/confidentiality-profile.py.\n")
print("/** Edition of PS3.15 from which the table was taken. */")
print("export const profileEdition = '2026c';\n")
print("/** PS3.15 Table E.1-1, column Basic Profile: the tags of each action, hexadecimal. */")
print("export const profileActions: Readonly<Record<string, string>> = {")
for action, tags in ACTIONS.items():
    digits = [f"{tag[0]:04X}{tag[1]:04X}" for tag in sorted(tags) if len(tag) == 2]
    lines = [" ".join(digits[start:start + 13]) for start in range(0, len(digits), 13)]
    print(f"  '{action}': `\n    " + "\n    ".join(lines) + "`,")
print("};")
