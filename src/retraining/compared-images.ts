import { z } from 'zod';
import type { ScoredSet } from '../evaluation/report/scored-set.js';

/** File in the folder of a run: images of the locked test set that are worth looking at. */
export const comparedImagesFile = 'compared.json';

/** A finding of an image on which the challenger is most wrong, or differs most from the champion. */
export const comparedImagesSchema = z
  .array(
    z
      .object({
        studyInstanceUID: z.string(),
        finding: z.string(),
        /** The label: present, absent; null if it is unknown. */
        truth: z.enum(['present', 'absent']).nullable(),
        /** Probabilities, 0 to 1. */
        challenger: z.number(),
        champion: z.number().nullable(),
        /** Cross-entropy of the challenger's probability in nats; null without a label. */
        loss: z.number().nullable(),
      })
      .readonly(),
  )
  .readonly();
export type ComparedImage = z.infer<typeof comparedImagesSchema>[number];

/** So many images of the greatest loss, and as many of the greatest difference. */
const maxOfEach = 30;
/** Probabilities of 0 and 1 would have an infinite loss. */
const epsilon = 1e-6;

/**
 * The findings with the greatest loss of the challenger, and those on which it differs most from the champion.
 *
 * @param studyOf the study of an image, by its id in the set
 */
export function compareImages(
  challenger: ScoredSet,
  champion: ScoredSet | undefined,
  studyOf: (id: string) => string | undefined,
): readonly ComparedImage[] {
  const before = new Map(champion?.images.map((image) => [image.id, image]));
  const all = challenger.images.flatMap(({ id, yTrue, yScore }) => {
    const studyInstanceUID = studyOf(id);
    if (studyInstanceUID === undefined) return [];
    return challenger.classes.map((finding, output): ComparedImage => {
      const truth = yTrue[output] ?? null;
      const score = yScore[output]!;
      const column = champion?.classes.indexOf(finding) ?? -1;
      return {
        studyInstanceUID,
        finding,
        truth: truth === null ? null : truth === 1 ? 'present' : 'absent',
        challenger: score,
        champion: column < 0 ? null : (before.get(id)?.yScore[column] ?? null),
        loss: truth === null ? null : -Math.log(Math.max(epsilon, truth === 1 ? score : 1 - score)),
      };
    });
  });
  const top = (of: (one: ComparedImage) => number): readonly ComparedImage[] =>
    [...all].sort((one, other) => of(other) - of(one)).slice(0, maxOfEach);
  const difference = ({ challenger: score, champion: earlier }: ComparedImage): number =>
    earlier === null ? -1 : Math.abs(score - earlier);
  return [...new Set([...top(({ loss }) => loss ?? -1), ...top(difference)])];
}
