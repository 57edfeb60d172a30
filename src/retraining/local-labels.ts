import { createHmac } from 'node:crypto';
import { isLocked } from '../dataset/test-lock.js';
import type { Example } from '../dataset/example.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { GreyImage } from '../pixels/image.js';
import type { ImageReader } from '../serving/image-reader.js';
import { labelledImages, type LabelledImage } from './labelled-images.js';
import { lockTestSet } from './lock-test-set.js';
import type { RetrainingPorts } from './ports.js';
import { exampleOf, missingForLock } from './retraining-plan.js';
import { promotionRulesOf } from './retraining-recipe.js';

/** Images that the readers of the hospital have labelled, around the locked test set of retraining. */
export interface LocalLabels {
  /** Of patients that are not in the test set: to fit on. */
  readonly open: readonly Example[];
  /** The locked test set: to examine on, and for nothing else. */
  readonly locked: readonly Example[];
  picture(example: Example): Promise<GreyImage>;
}

export type LocalLabelsPorts = Pick<RetrainingPorts, 'settings' | 'agreedLabels' | 'pacs' | 'siteOf' | 'memory' | 'clock' | 'log'>;

/**
 * The labels of these findings on which the readers agree (what was read from texts of reports is left out), with their frontal X-rays in the PACS. If there is no test set yet and
 * there are labels enough, it is drawn and locked, as the first retraining run would do.
 *
 * @throws Fault 'dataset-invalid' that says what is missing for a test set
 */
export async function localLabels(
  findings: readonly string[],
  ports: LocalLabelsPorts,
  reader: Pick<ImageReader, 'readXray'>,
): Promise<LocalLabels> {
  const { settings, memory, pacs, siteOf, log } = ports;
  const key = await memory.patientKey();
  const labels = (await ports.agreedLabels()).filter(({ finding, isReadFromText }) => findings.includes(finding) && !isReadFromText);
  const images = await labelledImages(labels, findings, {
    pacs,
    siteOf,
    maxImages: settings.maxImages,
    keyOf: (identifier) => createHmac('sha256', key).update(identifier).digest('hex').slice(0, 32),
    log,
  });
  const { testShare, rulesFile, seed } = settings.retraining;
  const known = await memory.testLock();
  const labelled = findings.filter((name) => labels.some(({ finding }) => finding === name));
  const missing = known ? undefined : missingForLock(images, labelled, testShare, promotionRulesOf({ rulesFile }).minPatients);
  if (missing !== undefined || (!known && labelled.length === 0))
    throw new Fault(
      'dataset-invalid',
      `expected labels of the readers enough to lock a test set, found too few: ${missing ?? 'no reader has labelled a finding of this model'}`,
    );
  const lock = known ?? (await lockTestSet(images, seed, ports));
  const byKey = new Map(images.map((image) => [exampleOf(image).key, image]));
  const examples = images.map(exampleOf);
  return {
    open: examples.filter(({ patient }) => !isLocked(lock, patient)),
    locked: examples.filter(({ patient }) => isLocked(lock, patient)),
    async picture({ key: name }) {
      return (await reader.readXray(await fileOf(byKey.get(name)!, ports))).image;
    },
  };
}

function fileOf({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: LabelledImage, { pacs }: LocalLabelsPorts): Promise<Uint8Array> {
  return pacs.retrieveInstance(
    studyInstanceUID as StudyInstanceUID,
    seriesInstanceUID as SeriesInstanceUID,
    sopInstanceUID as SOPInstanceUID,
  );
}
