import type { ImageStack, ShownHeatMap, StudyPage } from '../../server/page-types.js';

/** One frame of a study: numbers of its stack and of the frame in it, from 0. */
export interface Place {
  readonly stack: number;
  readonly index: number;
}

/** What a user reads about a stack: modality, view, side, description. */
export function stackName({ modality, view, laterality, description, frames }: ImageStack): string {
  return [modality, view, laterality, description, frames.length > 1 ? `(${frames.length})` : ''].filter(Boolean).join(' ');
}

/** The heat maps of the current result first, in its order: the most important finding. */
export function sortedHeatMaps({ history, heatMaps }: Pick<StudyPage, 'history' | 'heatMaps'>): readonly ShownHeatMap[] {
  const listed = history[0]?.documents.map((one) => one.sopInstanceUID) ?? [];
  const rank = ({ sopInstanceUID }: ShownHeatMap): number =>
    listed.includes(sopInstanceUID) ? listed.indexOf(sopInstanceUID) : listed.length;
  return [...heatMaps].sort((a, b) => rank(a) - rank(b));
}

/** -1 if the stack has no such frame. */
export function frameIndex(
  { frames }: ImageStack,
  { sopInstanceUID, frame }: { readonly sopInstanceUID: string; readonly frame: number },
): number {
  return frames.findIndex((one) => one.sopInstanceUID === sopInstanceUID && one.frame === frame);
}

export function framePlace(stacks: readonly ImageStack[], sopInstanceUID: string | undefined, frame = 1): Place | undefined {
  for (const [stack, { frames }] of stacks.entries()) {
    const index = frames.findIndex((one) => one.sopInstanceUID === sopInstanceUID && one.frame === frame);
    if (index >= 0) return { stack, index };
  }
  return undefined;
}

/** The image that a study opens with: that of the first heat map, else a frontal view, else the middle of the longest stack. */
export function firstPlace(stacks: readonly ImageStack[], heatMap: ShownHeatMap | undefined): Place {
  const ofHeatMap = heatMap && framePlace(stacks, heatMap.sourceSopInstanceUID, heatMap.sourceFrame);
  if (ofHeatMap) return ofHeatMap;
  const frontal = stacks.findIndex(({ view }) => view === 'PA' || view === 'AP');
  const longest = stacks.reduce((best, { frames }, at) => (frames.length > stacks[best]!.frames.length ? at : best), 0);
  const stack = frontal >= 0 ? frontal : longest;
  return { stack, index: Math.floor((stacks[stack]?.frames.length ?? 0) / 2) };
}

/** The image of the prior study beside an image: of the same view, else of the same modality; the same share of the way through a stack. */
export function matchingPlace(of: ImageStack, index: number, prior: readonly ImageStack[]): Place | undefined {
  if (prior.length === 0) return undefined;
  const likeness = ({ modality, view, frames }: ImageStack): number =>
    (isRadiograph(modality) === isRadiograph(of.modality) ? 4 : 0) +
    (view === of.view ? 2 : 0) +
    (frames.length > 1 === of.frames.length > 1 ? 1 : 0);
  const stack = prior.reduce((best, one, at) => (likeness(one) > likeness(prior[best]!) ? at : best), 0);
  const [last, lastPrior] = [of.frames.length - 1, prior[stack]!.frames.length - 1];
  return { stack, index: last > 0 ? Math.round((index / last) * lastPrior) : Math.floor(lastPrior / 2) };
}

function isRadiograph(modality: string): boolean {
  return modality === 'CR' || modality === 'DX';
}
