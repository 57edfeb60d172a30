/**
 * Values that a text about a study may repeat, because they are terms of the standard and so cannot be somebody's name. Anything
 * else that stands in these attributes was typed by a person or made up by a device.
 */

/** Modality (0008,0060): PS3.3 §C.7.3.1.1.1. */
const modalities = new Set(
  ('ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV ' +
    'OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XAPROTOCOL XC').split(' '),
);

/** Body Part Examined (0018,0015): PS3.16 Annex L and CID 4, the common ones, with words of other languages that devices send. */
const bodyParts = new Set([
  'ABDOMEN', 'ABDOMENPELVIS', 'ANKLE', 'AORTA', 'ARM', 'BACK', 'BLADDER', 'BODY', 'BRAIN', 'BREAST', 'CAROTID', 'CHEST', 'CHESTABDOMEN', 'CHESTABDPELVIS', 'CLAVICLE', 'COCCYX', 'COLON', 'CSPINE', 'CTSPINE',
  'EAR', 'ELBOW', 'ESOPHAGUS', 'EXTREMITY', 'EYE', 'FACE', 'FEMUR', 'FINGER', 'FOOT', 'FOREARM', 'HAND', 'HEAD', 'HEADNECK', 'HEART', 'HIP', 'HUMERUS', 'JAW', 'KIDNEY', 'KNEE', 'LEG', 'LIVER', 'LOWEREXTREMITY', 'LSPINE', 'LSSPINE', 'LUNG',
  'MANDIBLE', 'MAXILLA', 'MEDIASTINUM', 'NECK', 'NECKCHEST', 'NOSE', 'ORBIT', 'PANCREAS', 'PATELLA', 'PELVIS', 'PROSTATE', 'RIB', 'RIBS', 'SACRUM', 'SCAPULA', 'SHOULDER', 'SINUS', 'SKULL', 'SPINE', 'SPLEEN', 'SSPINE', 'STERNUM', 'STOMACH',
  'TEETH', 'THIGH', 'THORAX', 'THUMB', 'TIBIA', 'TLSPINE', 'TOE', 'TSPINE', 'UPPEREXTREMITY', 'UPPERARM', 'UTERUS', 'WHOLEBODY', 'WRIST', 'ZYGOMA', 'SCHÄDEL', 'SCHAEDEL', 'POUMON', 'PECHO', 'TORAX', 'TÓRAX',
]);

/** View Position (0018,5101), PS3.3 §C.8.1.1.1, §C.8.11.5, CID 4010, and what devices really send. */
const viewPositions = new Set([
  'PA', 'AP', 'LL', 'RL', 'LLD', 'RLD', 'LLO', 'RLO', 'LAO', 'RAO', 'LPO', 'RPO', 'LAT', 'LATERAL', 'L LAT', 'R LAT', 'LATERAL LEFT', 'LATERAL RIGHT', 'FRONTAL', 'AXIAL', 'OBLIQUE', 'DECUBITUS', 'AP AXIAL', 'PA AXIAL',
  'ERECT', 'SUPINE', 'PRONE', 'LORDOTIC', 'AP SUPINE', 'AP ERECT', 'PORTABLE', 'CC', 'MLO', 'ML', 'LM', 'LMO', 'XCCL', 'TRANSLATERAL', 'POSTERO_ANTERIOR', 'ANTERO_POSTERIOR', 'POSTERO_LATERAL', 'SKYLINE', 'SUNRISE', 'TUNNEL',
]);

/** Photometric Interpretation (0028,0004): PS3.3 §C.7.6.3.1.2. */
const photometricInterpretations = new Set([
  'MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'HSV', 'ARGB', 'CMYK', 'YBR_FULL', 'YBR_FULL_422', 'YBR_PARTIAL_420', 'YBR_PARTIAL_422', 'YBR_ICT', 'YBR_RCT', 'XYB',
]);

const termsOf = {
  Modality: modalities,
  BodyPartExamined: bodyParts,
  ViewPosition: viewPositions,
  PhotometricInterpretation: photometricInterpretations,
} as const;

/** Whether a value is a term of the standard, however it is written. */
export function isDefinedTerm(attribute: keyof typeof termsOf, value: string): boolean {
  return termsOf[attribute].has(value.trim().toUpperCase());
}
