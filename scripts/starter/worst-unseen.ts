import type { UnseenFigures } from './figures-file.js';

export interface WorstSource {
  readonly source: string;
  /** Images with a label. */
  readonly n: number;
  readonly auroc: number;
}

/** Of each finding the source, left out of training, at which it was found worst; without those at which no AUROC is defined. */
export function worstUnseen(unseen: readonly UnseenFigures[]): Readonly<Record<string, WorstSource>> {
  const worst: Record<string, WorstSource> = {};
  for (const { name: source, findings } of unseen.flatMap(({ bySource }) => bySource))
    for (const [finding, { n, auroc }] of Object.entries(findings))
      if (auroc.value !== null && auroc.value < (worst[finding]?.auroc ?? Number.POSITIVE_INFINITY))
        worst[finding] = { source, n, auroc: auroc.value };
  return worst;
}

/** The figures that model.json states of each finding, with the source at which it was found worst. */
export function withUnseen(shown: Readonly<Record<string, unknown>>, unseen: readonly UnseenFigures[]): Record<string, unknown> {
  const worst = worstUnseen(unseen);
  return Object.fromEntries(
    Object.entries(shown).map(([name, figures]) => [name, worst[name] ? { ...(figures as object), unseen: worst[name] } : figures]),
  );
}
