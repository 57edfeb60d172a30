"""Second reader and second writer of TID 1500 documents, by highdicom (https://github.com/ImagingDataCommons/highdicom).

    python3 -m venv /tmp/hd && /tmp/hd/bin/pip install highdicom==0.28.2
    npm run build && node dist/tests/oracles/sr/write-examples.js
    /tmp/hd/bin/python tests/oracles/sr/highdicom_oracle.py tests/fixtures/sr

The first step after the build writes `ours-*.dcm`; this script then writes

    highdicom-reading.json  what highdicom understands of each ours-*-measurement.dcm
    highdicom-*.dcm         documents that highdicom writes, for our reader
    highdicom-written.json  what was put into them

Not needed to run the tests.
"""
import json
import sys
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from highdicom.sr import (
    AlgorithmIdentification, CodedConcept, Comprehensive3DSR, DeviceObserverIdentifyingAttributes, FindingSite, GraphicTypeValues,
    ImageRegion, Measurement, MeasurementReport, MeasurementsAndQualitativeEvaluations, ObservationContext, ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations, QualitativeEvaluation, SourceImageForMeasurementGroup, SourceImageForRegion,
    TrackingIdentifier, srread,
)
from pydicom.sr.codedict import codes

CERTAINTY = codes.DCM.CertaintyOfFinding
PNEUMONIA = CodedConcept('233604007', 'SCT', 'Pneumonia')
EFFUSION = CodedConcept('60046008', 'SCT', 'Pleural effusion')


def code(concept):
    return {'value': concept.value, 'scheme': concept.scheme_designator, 'meaning': concept.meaning}


def below(item, value_type):
    return [child for child in item.get('ContentSequence', []) if child.ValueType == value_type]


def box_of(num):
    """The SCOORD below a NUM, which highdicom has no accessor for."""
    for scoord in below(num, 'SCOORD'):
        reference = below(scoord, 'IMAGE')[0].ReferencedSOPSequence[0]
        points = np.asarray(scoord.GraphicData, dtype=float).reshape(-1, 2)
        return {
            'image': reference.ReferencedSOPInstanceUID,
            'frame': int(reference.ReferencedFrameNumber) if 'ReferencedFrameNumber' in reference else None,
            'closed': bool((points[0] == points[-1]).all()),
            'points': points.tolist(),
        }
    return None


def reading_of(path):
    report = srread(path)
    assert isinstance(report, Comprehensive3DSR), type(report)
    assert isinstance(report.content, MeasurementReport), type(report.content)
    observer = report.content.get_observer_contexts(observer_type=codes.DCM.Device)[0].observer_identifying_attributes
    groups = []
    for group in report.content.get_image_measurement_groups():
        (measurement,) = group.get_measurements(codes.DCM.Probability)
        groups.append({
            'sides': [site.laterality.meaning for site in group.finding_sites if getattr(site, 'laterality', None)],
            'trackingIdentifier': group.tracking_identifier,
            'trackingUID': group.tracking_uid,
            'finding': code(group.finding_type),
            'sites': [code(site.value) for site in group.finding_sites],
            'value': float(measurement.value),
            'unit': code(measurement.unit),
            'evaluations': [[code(one.name), code(one.value)] for one in group.get_qualitative_evaluations()],
            'box': box_of(measurement[0]),
        })
    planar = []
    for group in report.content.get_planar_roi_measurement_groups(reference_type=codes.DCM.ImageRegion):
        (measurement,) = group.get_measurements(codes.DCM.Probability)
        points = np.asarray(group.roi.value, dtype=float)
        planar.append({
            'trackingUID': group.tracking_uid,
            'finding': code(group.finding_type),
            'sites': [code(site.value) for site in group.finding_sites],
            'sides': [site.laterality.meaning for site in group.finding_sites if getattr(site, 'laterality', None)],
            'value': float(measurement.value),
            'unit': code(measurement.unit),
            'evaluations': [[code(one.name), code(one.value)] for one in group.get_qualitative_evaluations()],
            'box': {'closed': bool((points[0] == points[-1]).all()), 'points': points[:, :2].tolist(), 'image': group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID},
        })
    return {
        'planar': planar,
        'sopClassUID': report.SOPClassUID,
        'observer': {'uid': observer.uid, 'name': observer.name, 'manufacturer': observer.manufacturer_name, 'model': observer.model_name, 'serial': observer.serial_number},
        'procedures': [code(one) for one in (item.value for item in report.content[0].ContentSequence if item.name == codes.DCM.ProcedureReported)],
        'groups': groups,
    }


def source_image():
    """An image only in name: highdicom takes patient, study and evidence from it."""
    image = pydicom.Dataset()
    image.update({})
    for keyword, value in {
        'SpecificCharacterSet': 'ISO_IR 192', 'SOPClassUID': '1.2.840.10008.5.1.4.1.1.1.1', 'SOPInstanceUID': '2.25.31', 'StudyInstanceUID': '2.25.1',
        'SeriesInstanceUID': '2.25.2', 'Modality': 'DX', 'PatientName': 'Иванова^Анна', 'PatientID': 'HD-1', 'PatientBirthDate': '', 'PatientSex': 'F',
        'StudyDate': '20260101', 'StudyTime': '101010', 'StudyID': '', 'AccessionNumber': '', 'ReferringPhysicianName': '', 'Rows': 1000, 'Columns': 800,
    }.items():
        setattr(image, keyword, value)
    return image


def algorithm():
    return AlgorithmIdentification(name='other-model', family=codes.DCM.ArtificialIntelligence, version='2.0', parameters=['size 512'])


def measurement(name, value, unit):
    return Measurement(name=name, value=value, unit=unit)


def planar(image, box):
    left, top, right, bottom = box
    points = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], dtype=float)
    region = ImageRegion(graphic_type=GraphicTypeValues.POLYLINE, graphic_data=points, source_image=SourceImageForRegion.from_source_image(image))
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid='2.25.801', identifier='lesion 1'),
        referenced_region=region,
        finding_type=PNEUMONIA,
        finding_sites=[FindingSite(anatomic_location=codes.SCT.Lung)],
        algorithm_id=algorithm(),
        measurements=[measurement(CERTAINTY, 87.5, codes.UCUM.Percent)],
        qualitative_evaluations=[QualitativeEvaluation(name=CodedConcept('363713009', 'SCT', 'Has interpretation'), value=codes.SCT.Present)],
    )


def image_group(image):
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid='2.25.802', identifier='effusion'),
        finding_type=EFFUSION,
        algorithm_id=algorithm(),
        source_images=[SourceImageForMeasurementGroup.from_source_image(image)],
        measurements=[measurement(codes.DCM.Probability, 0.125, codes.UCUM.NoUnits)],
        qualitative_evaluations=[QualitativeEvaluation(name=EFFUSION, value=codes.SCT.Absent)],
    )


def document(image, groups, uid):
    device = DeviceObserverIdentifyingAttributes(uid='2.25.700', name='other', manufacturer_name='Other Ltd', model_name='other-model', serial_number='7')
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=device)),
        procedure_reported=CodedConcept('43468-8', 'LN', 'XR unspecified body region'),
        imaging_measurements=groups,
    )
    report = Comprehensive3DSR(
        evidence=[image], content=content[0], series_instance_uid='2.25.600', series_number=7, sop_instance_uid=uid, instance_number=1,
        manufacturer='Other Ltd', manufacturer_model_name='other-model', software_versions='2.0', device_serial_number='7', is_complete=True, is_final=True,
    )
    for keyword in list(report.keys()):
        element = report[keyword]
        if element.VR == 'DA' and element.keyword != 'StudyDate' and element.value:
            element.value = '20260102'
        if element.VR == 'TM' and element.keyword != 'StudyTime' and element.value:
            element.value = '030405'
    return report


def main(folder):
    folder = Path(folder)
    reading = {path.name: reading_of(path) for path in sorted(folder.glob('ours-*.dcm'))}
    header = {'_madeBy': f'highdicom {highdicom.__version__}, pydicom {pydicom.__version__}: tests/oracles/sr/highdicom_oracle.py'}
    (folder / 'highdicom-reading.json').write_text(json.dumps({**header, **reading}, indent=1, ensure_ascii=False) + '\n')

    image = source_image()
    box = (100.5, 200, 300, 450.25)
    document(image, [planar(image, box), image_group(image)], '2.25.601').save_as(folder / 'highdicom-planar-and-image.dcm', enforce_file_format=True)
    written = {
        'highdicom-planar-and-image.dcm': [
            {'concept': code(PNEUMONIA), 'probability': 0.875, 'decision': 'present', 'box': box, 'image': '2.25.31', 'trackingUID': '2.25.801', 'site': code(codes.SCT.Lung)},
            {'concept': code(EFFUSION), 'probability': 0.125, 'decision': 'absent', 'box': None, 'image': '2.25.31', 'trackingUID': '2.25.802', 'site': None},
        ],
    }
    (folder / 'highdicom-written.json').write_text(json.dumps({**header, **written}, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main(sys.argv[1])
