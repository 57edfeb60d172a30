import { sameConcept } from '../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { codes, formerCodes } from './codes.js';
import { assessmentManufacturer, assessmentStationName, contribution, formerAssessmentStationName, stationName } from './equipment.js';

/**
 * Whether this program wrote the report, heat map or key object selection as its own result, with any model and any settings. Metadata suffice: WADO-RS gives
 * the Contributing Equipment Sequence; where only series attributes are known, the Station Name decides.
 *
 * A document that somebody derives from ours repeats our contribution (PS3.3 C.12.1 has it accumulate) and, where the header
 * is copied, our Station Name too. It is theirs as soon as it is verified, or names equipment other than our models'.
 */
export function isOwnDocument(dataSet: DataSet): boolean {
  if (!['SR', 'OT', 'KO'].includes(textOf(dataSet, 'Modality') ?? '') || textOf(dataSet, 'StationName') !== stationName) return false;
  if (textOf(dataSet, 'VerificationFlag') === 'VERIFIED' || isAssessment(dataSet)) return false;
  const contributions = itemsOf(dataSet, 'ContributingEquipmentSequence');
  // Only series attributes are known.
  if (dataSet['ContributingEquipmentSequence'] === undefined) return true;
  // One for each model that analysed the study; the header names the first.
  const [first] = contributions;
  return (
    first !== undefined &&
    contributions.every((one) => textOf(one, 'ContributionDescription') === contribution) &&
    equipmentAttributes.every((keyword) => textOf(first, keyword) === textOf(dataSet, keyword))
  );
}

const equipmentAttributes = ['Manufacturer', 'ManufacturerModelName', 'DeviceSerialNumber', 'SoftwareVersions'] as const;

/**
 * Whether the document is a reader's assessment of template 99CHESTAI 1, from any sender; titles and Station Names of releases 0.1.0 and
 * 0.2.0 count too. Series attributes suffice for documents that this program wrote.
 */
export function isAssessment(dataSet: DataSet): boolean {
  if (textOf(dataSet, 'Modality') !== 'SR') return false;
  const title = conceptOf(dataSet, 'ConceptNameCodeSequence');
  const station = textOf(dataSet, 'StationName');
  return (
    [codes, formerCodes].some(({ assessment }) => sameConcept(title, assessment)) ||
    station === assessmentStationName ||
    station === formerAssessmentStationName
  );
}

/**
 * Whether this program wrote the document: a result of its own, or an assessment that a reader gave on its page or interface. One that another
 * system sent, or derived from ours, is not ours. Metadata of the whole instance are needed.
 */
export function isWrittenHere(dataSet: DataSet): boolean {
  if (isOwnDocument(dataSet)) return true;
  if (!isAssessment(dataSet) || ![assessmentStationName, formerAssessmentStationName].includes(textOf(dataSet, 'StationName') ?? ''))
    return false;
  const [first, ...others] = itemsOf(dataSet, 'ContributingEquipmentSequence');
  return (
    first !== undefined &&
    others.length === 0 &&
    textOf(dataSet, 'Manufacturer') === assessmentManufacturer &&
    equipmentAttributes.every((keyword) => textOf(first, keyword) === textOf(dataSet, keyword))
  );
}

/** Whether a document is a result of this program or an assessment of one, and so no image of the study. */
export function isAboutStudy(dataSet: DataSet): boolean {
  return isOwnDocument(dataSet) || isAssessment(dataSet);
}
