import { codes } from './codes.js';
import { container, image, type ContentItem } from './content-item.js';
import type { ImageReference } from './report-content.js';

/** TID 1600 Image Library (PS3.16) with one group of TID 1601 entries: the images looked at, without descriptors. */
export function imageLibrary(images: readonly ImageReference[]): readonly ContentItem[] {
  if (images.length === 0) return [];
  const entries = images.map((one) => image('CONTAINS', undefined, one));
  return [container('CONTAINS', codes.imageLibrary, [container('CONTAINS', codes.imageLibraryGroup, entries)], '1600')];
}
