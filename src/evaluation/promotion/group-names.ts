import type { ScoredImage } from '../report/scored-set.js';

/** What divides the images of a test set into groups that the gate asks one by one. */
export type Grouping = 'view' | 'source' | 'devices';

/** AP lying, sitting and standing are one view here: the patients who cannot come to the stand. */
export function viewGroup(view: string): string {
  const word = view.trim().toUpperCase();
  if (/^AP\b/.test(word)) return 'AP';
  if (/^PA\b/.test(word) && !word.includes('/')) return 'PA';
  return view.trim() || 'unknown';
}

/** The group of an image; undefined if it is not stated (devices). */
export function groupOf(image: ScoredImage, grouping: Grouping): string | undefined {
  switch (grouping) {
    case 'view':
      return viewGroup(image.view);
    case 'source':
      return image.source || 'unknown';
    case 'devices':
      return image.devices === undefined ? undefined : image.devices ? 'with devices' : 'without devices';
  }
}

/** For a sentence: `view AP`, `source north`, `images with devices`. */
export function groupText(grouping: Grouping, group: string): string {
  return grouping === 'devices' ? `images ${group}` : `${grouping} ${group}`;
}

/** Names of the groups of these images, sorted. */
export function groupNames(images: readonly ScoredImage[], grouping: Grouping): readonly string[] {
  return [...new Set(images.flatMap((image) => groupOf(image, grouping) ?? []))].sort();
}
