"""Second reader of our assessment documents: pydicom for the header, highdicom for the content tree.

    python3 -m venv /tmp/hd && /tmp/hd/bin/pip install highdicom==0.28.2
    npm run build && node dist/tests/oracles/sr/write-examples.js
    /tmp/hd/bin/python tests/oracles/sr/assessment_oracle.py tests/fixtures/sr

The first step after the build writes `assessment-*.dcm`; this script writes assessment-reading.json. Not needed to run the tests.
"""
import json
import sys
from pathlib import Path

import highdicom
import pydicom
from highdicom.sr import ContentSequence, RelationshipTypeValues, ValueTypeValues, srread
from pydicom.sr.codedict import codes


def named(sequence, name, value_type=None):
    return [item for item in sequence if item.name == name and (value_type is None or item.value_type == value_type)]


def sections(document, code_value):
    return [item.ContentSequence for item in document.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == code_value]


def reading_of(path):
    document = pydicom.dcmread(path)
    # highdicom parses every item and refuses what is not a legal tree.
    content = ContentSequence.from_sequence(document.ContentSequence, is_root=False)
    person = named(content, codes.DCM.PersonObserverName, ValueTypeValues.PNAME)
    login = named(content, codes.DCM.PersonObserverLoginName, ValueTypeValues.TEXT)
    assert all(item.relationship_type == RelationshipTypeValues.HAS_OBS_CONTEXT for item in person + login)
    report = srread(path)
    findings = []
    comments = []
    for items in sections(document, '59776-5'):
        for item in items:
            comparison = [child for child in item.ContentSequence if child.ConceptNameCodeSequence[0].CodeValue == 'comparison'][0]
            comments += [child.TextValue for child in item.ContentSequence if child.ConceptNameCodeSequence[0].CodeValue == '121106']
            findings.append([item.ConceptNameCodeSequence[0].CodeMeaning, item.ConceptCodeSequence[0].CodeMeaning.lower(), comparison.ConceptCodeSequence[0].CodeMeaning.lower()])
    withdrawn = [item.ConceptCodeSequence[0].CodeMeaning for items in sections(document, '55112-7') for item in items if item.ConceptNameCodeSequence[0].get('CodeValue') == 'withdraws']
    predecessors = [sop.ReferencedSOPInstanceUID for study in document.get('PredecessorDocumentsSequence', []) for series in study.ReferencedSeriesSequence for sop in series.ReferencedSOPSequence]
    return {
        'title': document.ConceptNameCodeSequence[0].CodeMeaning,
        'highdicomClass': type(report).__name__,
        'observerType': named(content, codes.DCM.ObserverType)[0].value.meaning,
        'person': str(person[0].value),
        'login': login[0].value,
        'verification': document.VerificationFlag,
        'verifier': [str(item.VerifyingObserverName) for item in document.get('VerifyingObserverSequence', [])],
        'findings': findings,
        'comments': comments,
        'withdrawn': withdrawn,
        'predecessors': predecessors,
    }


def main(folder):
    folder = Path(folder)
    header = {'_madeBy': f'highdicom {highdicom.__version__}, pydicom {pydicom.__version__}: tests/oracles/sr/assessment_oracle.py'}
    reading = {path.name: reading_of(path) for path in sorted(folder.glob('assessment-*.dcm'))}
    (folder / 'assessment-reading.json').write_text(json.dumps({**header, **reading}, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main(sys.argv[1])
