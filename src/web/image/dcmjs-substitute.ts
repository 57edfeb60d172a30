import loglevel from 'loglevel';
import nameMap from 'virtual:dicom-keywords';

/**
 * In place of dcmjs, which cornerstone3D imports to read DICOM files and which is most of its size: the page reads none. Of its
 * dictionary only the keywords stay that cornerstone3D names; only errors are logged.
 */
loglevel.setDefaultLevel('error');

export const log = loglevel;

export const constants = {
  IMPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2',
  EXPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2.1',
  DEFLATED_EXPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2.1.99',
  EXPLICIT_BIG_ENDIAN: '1.2.840.10008.1.2.2',
} as const;

/** The library imports it both ways. */
const substitute = {
  log,
  constants,
  data: { DicomMetaDictionary: { dictionary: {}, nameMap } },
  utilities: {},
  async: {},
};
export { substitute as default };
