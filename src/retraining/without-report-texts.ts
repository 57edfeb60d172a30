import type { LabelledImage } from './labelled-images.js';

/**
 * The images with those labels that a person has given: what rules have read from the text of a report is unknown. An image without
 * another label is left out.
 *
 * The locked test set is drawn from these, and contains no other labels: the gate must not decide by statements that nobody has checked
 * on the image, however little they weigh, and a report may state less than the image shows.
 */
export function withoutReportTexts(images: readonly LabelledImage[]): readonly LabelledImage[] {
  return images.flatMap((image) => withoutReportText(image) ?? []);
}

/** @returns undefined if nothing else is known of the image */
export function withoutReportText({ readFromText = [], ...image }: LabelledImage): LabelledImage | undefined {
  if (readFromText.length === 0) return image;
  const { labels, unknown, origins = {} } = image;
  const read = new Set(readFromText);
  const kept = Object.entries(origins).filter(([finding]) => !read.has(finding));
  if (kept.length === 0) return undefined;
  return {
    ...image,
    labels: labels.filter((name) => !read.has(name)),
    unknown: [...unknown, ...readFromText],
    origins: Object.fromEntries(kept),
  };
}
