import { PictureCache } from '../dataset/picture-cache.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { pictureKeyOf } from './picture-key.js';
import type { RetrainingPorts } from './ports.js';
import { retrainingFolders } from './retraining-folders.js';
import type { RetrainingPlan } from './retraining-plan.js';

/**
 * Retrieves and decodes every image of the plan whose picture is not on disk yet, in the size that the network needs. An image that
 * cannot be read is left out; training counts and reports these.
 *
 * @throws the signal's reason, and any Fault that can pass
 */
export async function fetchPictures(
  plan: RetrainingPlan,
  { settings, registry, pacs, readerFor, log }: RetrainingPorts,
  signal: AbortSignal,
): Promise<void> {
  const served = (await registry.load(plan.champion)).networks.xray!;
  const cache = new PictureCache(retrainingFolders(settings).pictures, served.input);
  const reader = readerFor(cache.frame);
  for (const image of plan.images) {
    const key = pictureKeyOf(image);
    signal.throwIfAborted();
    if (cache.has(key)) continue;
    try {
      const file = await pacs.retrieveInstance(
        image.studyInstanceUID as StudyInstanceUID,
        image.seriesInstanceUID as SeriesInstanceUID,
        image.sopInstanceUID as SOPInstanceUID,
      );
      await cache.put(key, (await reader.readXray(file)).image);
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error;
      log.warn('a labelled image cannot be read and is left out', { instance: image.sopInstanceUID, code: error.code });
    }
  }
}
