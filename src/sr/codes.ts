import type { CodedConcept } from '../dicom/code.js';

const dcm = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'DCM', meaning });
const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });
/** Coding scheme of our own: what no public scheme has a word for. */
export const ownScheme = '99CHESTAI';
const own = (value: string, meaning: string): CodedConcept => ({ value, scheme: ownScheme, meaning });
const loinc = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'LN', meaning });

/**
 * The codes that the templates of PS3.16 themselves prescribe; every other code comes from config/findings.json.
 * Meanings are the standard's to the letter: OHIF looks items up by meaning.
 */
export const codes = {
  // Document titles: CID 7021, CID 7000
  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  diagnosticImagingReport: loinc('18748-4', 'Diagnostic Imaging Report'),
  // TID 2010, CID 7010
  ofInterest: dcm('113000', 'Of Interest'),
  rejectedForPatientSafety: dcm('113037', 'Rejected for Patient Safety Reasons'),
  keyObjectDescription: dcm('113012', 'Key Object Description'),
  // TID 1204, CID 5000
  language: dcm('121049', 'Language of Content Item and Descendants'),
  english: { value: 'en', scheme: 'RFC5646', meaning: 'English' },
  // TID 1002, TID 1004
  observerType: dcm('121005', 'Observer Type'),
  device: dcm('121007', 'Device'),
  deviceObserverUid: dcm('121012', 'Device Observer UID'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverManufacturer: dcm('121014', 'Device Observer Manufacturer'),
  deviceObserverModelName: dcm('121015', 'Device Observer Model Name'),
  deviceObserverSerialNumber: dcm('121016', 'Device Observer Serial Number'),
  // TID 1003
  person: dcm('121006', 'Person'),
  personObserverName: dcm('121008', 'Person Observer Name'),
  personObserverLoginName: dcm('128774', "Person Observer's Login Name"),
  // TID 4019, CID 7162
  algorithmName: dcm('111001', 'Algorithm Name'),
  algorithmVersion: dcm('111003', 'Algorithm Version'),
  algorithmParameters: dcm('111002', 'Algorithm Parameters'),
  algorithmFamily: dcm('111000', 'Algorithm Family'),
  artificialIntelligence: dcm('123110', 'Artificial Intelligence'),
  // TID 1500, TID 1501, TID 1600
  procedureReported: dcm('121058', 'Procedure reported'),
  imageLibrary: dcm('111028', 'Image Library'),
  imageLibraryGroup: dcm('126200', 'Image Library Group'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  qualitativeEvaluations: { value: 'C0034375', scheme: 'UMLS', meaning: 'Qualitative Evaluations' },
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUniqueIdentifier: dcm('112040', 'Tracking Unique Identifier'),
  finding: dcm('121071', 'Finding'),
  findingSite: sct('363698007', 'Finding Site'),
  comment: dcm('121106', 'Comment'),
  // TID 1410
  imageRegion: dcm('111030', 'Image Region'),
  // CID 244
  laterality: sct('272741003', 'Laterality'),
  left: sct('7771000', 'Left'),
  right: sct('24028007', 'Right'),
  // TID 1602, CID 29 (the modalities of chest images)
  modality: dcm('121139', 'Modality'),
  computedRadiography: dcm('CR', 'Computed Radiography'),
  digitalRadiography: dcm('DX', 'Digital Radiography'),
  radiographicImaging: dcm('RG', 'Radiographic imaging'),
  radiofluoroscopy: dcm('RF', 'Radiofluoroscopy'),
  computedTomography: dcm('CT', 'Computed Tomography'),
  studyDate: dcm('111060', 'Study Date'),
  studyTime: dcm('111061', 'Study Time'),
  contentDate: dcm('111018', 'Content Date'),
  contentTime: dcm('111019', 'Content Time'),
  acquisitionDate: dcm('126201', 'Acquisition Date'),
  acquisitionTime: dcm('126202', 'Acquisition Time'),
  frameOfReferenceUid: dcm('112227', 'Frame of Reference UID'),
  pixelDataRows: dcm('110910', 'Pixel Data Rows'),
  pixelDataColumns: dcm('110911', 'Pixel Data Columns'),
  pixels: { value: '{pixels}', scheme: 'UCUM', meaning: 'Pixels' },
  // How probable the software calls a finding, and the unit; releases before 0.3 wrote Certainty of Finding
  probability: dcm('122157', 'Probability'),
  certaintyOfFinding: dcm('111012', 'Certainty of Finding'),
  percent: { value: '%', scheme: 'UCUM', meaning: 'Percent' },
  // CID 240
  present: sct('52101004', 'Present'),
  absent: sct('272519000', 'Absent'),
  undetermined: sct('373068000', 'Undetermined'),
  // TID 2000: headings of CID 7001, elements of CID 7002, purposes of CID 7003
  summary: loinc('55112-7', 'Summary'),
  findings: loinc('59776-5', 'Findings'),
  previousFindings: loinc('18834-2', 'Previous Findings'),
  previousFinding: dcm('121069', 'Previous Finding'),
  currentProcedureDescriptions: loinc('55111-9', 'Current Procedure Descriptions'),
  conclusion: dcm('121077', 'Conclusion'),
  procedureDescription: dcm('121065', 'Procedure Description'),
  sourceOfMeasurement: dcm('121112', 'Source of Measurement'),
  // TID 4100's summary, CID 6042: whether the software did its work
  summaryOfDetections: dcm('111064', 'Summary of Detections'),
  succeeded: dcm('111222', 'Succeeded'),
  failed: dcm('111224', 'Failed'),
  notAttempted: dcm('111225', 'Not Attempted'),
  // CID 217, CID 7202: what a heat map is and what it was made from
  gradientWeightedClassActivation: dcm('130403', 'Gradient-weighted class activation'),
  sourceImageForProcessing: dcm('121322', 'Source image for image processing operation'),
  // A reader's assessment of a software's findings
  assessment: own('ai-assessment', "Reader's assessment of AI findings"),
  assessmentSource: own('assessment-source', 'Source of the assessment'),
  comparison: own('comparison', "Comparison with the software's finding"),
  confirmed: own('confirmed', 'Confirmed'),
  rejected: own('rejected', 'Rejected'),
  corrected: own('corrected', 'Corrected'),
  added: own('added', 'Added'),
  softwareDecision: own('ai-decision', 'Decision of the software'),
  adjudicatesDisagreement: own('adjudicates', 'Adjudicates a disagreement between readers'),
  withdrawsAssessment: own('withdraws', 'Withdraws the assessment of'),
  yes: sct('373066001', 'Yes'),
  // CID 7005, demanded by IHE AIR
  processingEquipment: dcm('109102', 'Processing Equipment'),
} as const satisfies Record<string, CodedConcept>;

/** The codes of private template 99CHESTAI 1 as releases 0.1.0 and 0.2.0 wrote them: read as before, never written any more. */
export const formerCodes = {
  assessment: own('ai-verdict', "Reader's verdict on AI findings"),
  assessmentSource: own('verdict-source', 'Source of the verdict'),
  comparison: own('judgement', "Judgement of the software's finding"),
  adjudicatesDisagreement: own('settles', 'Settles a disagreement between readers'),
} as const satisfies Partial<Record<keyof typeof codes, CodedConcept>>;
