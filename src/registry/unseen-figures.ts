import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { estimateSchema } from '../evaluation/metrics/estimate.js';

/** How well a finding was found at the source, left out of training, at which it was found worst. */
export interface UnseenFigure {
  readonly source: string;
  /** Images with a label. */
  readonly n: number;
  readonly auroc: number;
}

const findingsSchema = z.record(z.string(), z.object({ n: z.int(), auroc: estimateSchema }));
const figuresSchema = z.object({
  unseen: z.array(z.object({ bySource: z.array(z.object({ name: z.string(), findings: findingsSchema })) })),
});

/** Of each finding of the X-ray network, from `figures.json` beside the model; empty if the model has no such file or another form of it. */
export async function readUnseenFigures(directory: string): Promise<Readonly<Record<string, UnseenFigure>>> {
  const text = await readFile(join(directory, 'figures.json'), 'utf8').catch(() => '{}');
  const parsed = figuresSchema.safeParse(parseJson(text));
  const lowest: Record<string, UnseenFigure> = {};
  for (const { name: source, findings } of parsed.data?.unseen.flatMap(({ bySource }) => bySource) ?? [])
    for (const [finding, { n, auroc }] of Object.entries(findings))
      if (auroc.value !== null && auroc.value < (lowest[finding]?.auroc ?? Number.POSITIVE_INFINITY))
        lowest[finding] = { source, n, auroc: auroc.value };
  return lowest;
}

/** What the section "Limitations" of a model card says, in Markdown; undefined if the card has none. */
export function limitationsIn(card: string): string | undefined {
  const section = /^## Limitations\n+([\s\S]*?)(?=^#{1,2} |$(?![\s\S]))/m.exec(card)?.[1]?.trim();
  return section || undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
