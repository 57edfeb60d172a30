import type { GreyImage } from '../pixels/image.js';
import type { Example, ExampleSource } from './example.js';
import { lookAlikes, makeLookAlike, type LookAlike } from './look-alikes.js';
import { keyedRandom, shuffled } from '../lib/seeded-random.js';

export interface GuardOptions {
  /** The output that learns to tell a chest from whatever is none, for example `frontal-chest`. */
  readonly name: string;
  /** Look-alikes for each image. */
  readonly share: number;
  readonly seed: number;
  /** Images that are none by themselves: laterals, slices, other body parts. */
  readonly others?: ExampleSource | undefined;
}

interface Made {
  readonly base: Example;
  readonly partner: Example;
  readonly how: LookAlike;
}

/**
 * The same images with one class more, which holds of all of them, and with pictures of which it does not: look-alikes made of
 * them, and others. Of those nothing else is known. A look-alike is of its image's patient, so that it falls on the same side.
 */
export function withGuardClass(source: ExampleSource, { name, share, seed, others }: GuardOptions): ExampleSource {
  const bySource = new Map<string, Example[]>();
  for (const example of source.examples) {
    const group = bySource.get(example.source);
    if (group) group.push(example);
    else bySource.set(example.source, [example]);
  }
  const made = new Map<string, Made>();
  const fakes = shuffled(source.examples, keyedRandom('look-alikes', seed).next)
    .slice(0, Math.round(source.examples.length * share))
    .map((base, index): Example => {
      const how = lookAlikes[index % lookAlikes.length]!;
      const key = `${base.key}.${how}`;
      // the second picture of a montage is of the same source, so that a source is never left out by halves
      const partners = bySource.get(base.source)!;
      made.set(key, { base, partner: partners[Math.floor(keyedRandom('partner', seed, key).next() * partners.length)]!, how });
      return { key, patient: base.patient, source: base.source, view: how, labels: [], unknown: source.classes };
    });
  const foreign =
    others?.examples.map(
      (example): Example => ({ ...example, labels: [], absent: undefined, origins: undefined, unknown: source.classes }),
    ) ?? [];
  const foreignKeys = new Set(foreign.map(({ key }) => key));
  return {
    kind: 'several',
    classes: [...source.classes, name],
    examples: [...source.examples.map((example) => ({ ...example, labels: [...example.labels, name] })), ...fakes, ...foreign],
    picture: async (example) => {
      const fake = made.get(example.key);
      if (fake) return lookAlike(fake, source, keyedRandom('look-alike', seed, example.key));
      return foreignKeys.has(example.key) ? others!.picture(example) : source.picture(example);
    },
  };
}

async function lookAlike({ base, partner, how }: Made, source: ExampleSource, draws: ReturnType<typeof keyedRandom>): Promise<GreyImage> {
  const chest = await source.picture(base);
  return makeLookAlike(how, chest, how === 'montage' ? await source.picture(partner) : chest, draws);
}
