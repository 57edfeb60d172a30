import { Fault } from '../errors.js';
import { openLabelledFolder, type LabelledImages } from './labelled-folder.js';

export type { LabelledImages };

/** @param split `all` */
export async function openLabelledImages(directory: string, split: string): Promise<LabelledImages> {
  if (split !== 'all') throw new Fault('request-invalid', `expected --split all for a folder without splits, found ${split}`);
  return openLabelledFolder(directory);
}
