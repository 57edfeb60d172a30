import { z } from 'zod';
import { shuffled, type Draws } from '../lib/seeded-random.js';

/**
 * Which images fill the batches, and in what shares: so that a finding's positives and negatives are alike in everything but the
 * finding. An image belongs to the first group whose conditions it meets; one that meets none is not drawn.
 */
const groupSchema = z.strictObject({
  name: z.string().min(1).max(64),
  /** Part of the draws, relative to the other groups. */
  share: z.number().positive(),
  /** Findings of which at least one is present. */
  present: z.array(z.string().min(1)).min(1).readonly().optional(),
  /** Findings that are all stated to be absent. */
  absent: z.array(z.string().min(1)).min(1).readonly().optional(),
  /** Views, as the list of images writes them, in any case. */
  views: z.array(z.string()).min(1).readonly().optional(),
});

export const samplingSchema = z.strictObject({
  groups: z
    .array(groupSchema)
    .min(1)
    .readonly()
    .refine((groups) => new Set(groups.map(({ name }) => name)).size === groups.length, 'expected different names'),
  /** Within a group, images of each source, or of each source and view, are drawn equally often. */
  evenly: z.enum(['source', 'source-and-view']),
});

export type Sampling = z.infer<typeof samplingSchema>;

/** What sampling looks at; labels and absent findings are the names of classes. */
export interface Sampled {
  readonly source: string;
  readonly view: string;
  readonly labels: readonly string[];
  readonly absent?: readonly string[] | undefined;
}

/** Where an image stands in the draws. */
export interface SamplingPool {
  readonly group: string;
  /** Of the images of a group, those of one source (and view). */
  readonly stratum: string;
}

/** @returns undefined for an image that no group takes */
export function samplingPool({ groups, evenly }: Sampling, { source, view, labels, absent = [] }: Sampled): SamplingPool | undefined {
  const group = groups.find(
    (one) =>
      (one.present?.some((name) => labels.includes(name)) ?? true) &&
      (one.absent?.every((name) => absent.includes(name)) ?? true) &&
      (one.views?.some((name) => name.toLowerCase() === view.toLowerCase()) ?? true),
  );
  return group && { group: group.name, stratum: evenly === 'source' ? source : `${source} ${view.toUpperCase()}` };
}

interface Deck {
  readonly members: number[];
  left: number[];
  turns: number;
}

/**
 * Places of images, at most `count`: at each place comes the group that is furthest behind its share, and of it the next stratum in
 * turn; each stratum's images are dealt out before they are shuffled anew. A stratum that was dealt out `maxDraws` times leaves its
 * turns to the others of its group; a group without any left leaves its share to the other groups.
 */
export function sampledByGroup(
  pools: readonly (SamplingPool | undefined)[],
  { groups }: Sampling,
  draws: Draws,
  { count, maxDraws = Infinity }: { readonly count: number; readonly maxDraws?: number | undefined },
): readonly number[] {
  const decks = new Map<string, Map<string, Deck>>(groups.map(({ name }) => [name, new Map()]));
  pools.forEach((pool, index) => {
    const strata = pool && decks.get(pool.group);
    if (!strata) return;
    const deck = strata.get(pool.stratum) ?? { members: [], left: [], turns: 0 };
    deck.members.push(index);
    strata.set(pool.stratum, deck);
  });
  const queues = groups.flatMap(({ name, share }) => {
    const strata = [...(decks.get(name) ?? [])].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, deck]) => deck);
    return strata.length === 0 ? [] : [{ share, strata, waiting: [] as Deck[], drawn: 0 }];
  });
  const order: number[] = [];
  let open = queues;
  while (order.length < count && open.length > 0) {
    const next = open.reduce((one, other) => (other.drawn / other.share < one.drawn / one.share ? other : one));
    const index = nextOf(next, draws, maxDraws);
    if (index === undefined) {
      open = open.filter((one) => one !== next);
      continue;
    }
    next.drawn++;
    order.push(index);
  }
  return order;
}

function nextOf(queue: { readonly strata: readonly Deck[]; waiting: Deck[] }, draws: Draws, maxDraws: number): number | undefined {
  for (;;) {
    if (queue.waiting.length === 0) queue.waiting = shuffled(queue.strata, draws.next).filter((deck) => isOpen(deck, maxDraws));
    const deck = queue.waiting.pop();
    if (!deck) return undefined;
    if (!isOpen(deck, maxDraws)) continue;
    if (deck.left.length === 0) {
      deck.turns++;
      deck.left = shuffled(deck.members, draws.next);
    }
    return deck.left.pop()!;
  }
}

function isOpen({ left, turns }: Deck, maxDraws: number): boolean {
  return left.length > 0 || turns < maxDraws;
}
