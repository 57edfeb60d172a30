import type { DataSet } from '../../src/dicom/data-set.js';
import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { chestPhantom, type ChestPhantomOptions, type StoredPixels } from '../../src/samples/chest-phantom.js';
import { pixelModule } from '../../src/samples/sample-file.js';

export interface TestStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly files: readonly Uint8Array[];
}

const pictures = new Map<string, StoredPixels>();

/** The synthetic chest radiograph of the tests, made once for each view and process. */
function picture(view: NonNullable<ChestPhantomOptions['view']>, rows = 480, columns = 400): StoredPixels {
  const key = `${view} ${rows} ${columns}`;
  let pixels = pictures.get(key);
  if (!pixels) pictures.set(key, (pixels = chestPhantom({ seed: 'tests', view, rows, columns })));
  return pixels;
}

/**
 * A CR study of synthetic chest radiographs.
 *
 * @param name makes the UIDs: the same name gives the same study
 * @param images one for each view, with attributes over the usual ones
 */
export function chestStudy(
  name: string,
  images: readonly ({ readonly view?: 'frontal' | 'lateral'; readonly number?: number } & { readonly attributes?: DataSet })[] = [{}],
): TestStudy {
  const studyInstanceUID = derivedUid<StudyInstanceUID>('test study', name);
  const files = images.map(({ view = 'frontal', number = 1, attributes = {} }) => {
    const pixels = picture(view);
    const dataSet: DataSet = {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      SOPInstanceUID: derivedUid('test instance', name, view, String(number)),
      StudyInstanceUID: studyInstanceUID,
      SeriesInstanceUID: derivedUid('test series', name, view),
      StudyDate: '20260102',
      StudyTime: '101112',
      AccessionNumber: '',
      StudyDescription: 'SYNTHETIC',
      StudyID: '1',
      PatientName: 'PHANTOM^TEST',
      PatientID: `TEST-${name}`,
      PatientBirthDate: '',
      PatientSex: 'O',
      ReferringPhysicianName: '',
      Modality: 'CR',
      BodyPartExamined: 'CHEST',
      ViewPosition: view === 'frontal' ? 'PA' : 'LL',
      Manufacturer: '',
      SeriesNumber: view === 'frontal' ? 1 : 2,
      InstanceNumber: number,
      ...pixelModule(pixels),
      ...attributes,
    };
    return writePart10(dataSet);
  });
  return { studyInstanceUID, files };
}

/** A hand that no rule takes, and a chest in the same study. */
export function handAndChest(name: string): { readonly study: StudyInstanceUID; readonly hand: Uint8Array; readonly chest: Uint8Array } {
  const [hand, chest] = chestStudy(name, [
    { number: 1, attributes: { BodyPartExamined: 'HAND', SeriesInstanceUID: `2.25.1${Buffer.from(name).readUIntBE(0, 4)}` } },
    { number: 2 },
  ]).files;
  return { study: chestStudy(name).studyInstanceUID, hand: hand!, chest: chest! };
}
