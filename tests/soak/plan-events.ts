import { shuffled, textSeeded, type Uniform } from '../../src/lib/seeded-random.js';
import {
  applies,
  emptyState,
  maxFrontal,
  stateAfter,
  type ArchiveEvent,
  type ExpectedImage,
  type ExpectedState,
  type ExpectedStudy,
  type ImageKind,
} from './archive-model.js';

/** Synthetic pictures of each kind that differ in what the model finds. */
export const pictureCount = 4;

export interface PlannedEvent {
  /** From 1; a list that was shortened has gaps. */
  readonly number: number;
  /** An injected fault, by name, lasts while the following events take place. */
  readonly event: ArchiveEvent | { readonly kind: 'fault'; readonly fault: string };
  /** Milliseconds before it. */
  readonly pauseMs: number;
  /** All is brought to rest and checked after it. */
  readonly isQuietPoint: boolean;
}

const archiveKinds = [
  'study arrives',
  'deleted study sent again',
  'late image',
  'image there and back',
  'image replaced',
  'image replaced and restored',
  'image deleted',
  'same bytes again',
  'series deleted',
  'all images deleted',
  'study deleted',
  'documents deleted',
  'study merged',
  'study moved',
  'series merged',
  'patient corrected',
  'study anonymised',
  'assessment given',
  'assessment deleted',
  'PACS backed up',
  'PACS restored',
  'PACS restarted',
  'index backed up',
  'index restored',
] as const satisfies readonly ArchiveEvent['kind'][];

export type ArchiveEventKind = (typeof archiveKinds)[number];

/** Two of three events change the archive; the others are faults. */
const shareOfFaults = 1 / 3;
const eventsBetweenChecks = 8;
/** More studies only make each check longer. */
const maxStudies = 14;

/**
 * Chooses events from a seed. Every kind occurs once before any kind occurs for the second time, as far as its study exists.
 *
 * @param faults names of the faults that can be injected here
 */
export function planEvents(seed: string, count: number, faults: readonly string[]): readonly PlannedEvent[] {
  const random = textSeeded(`events ${seed}`);
  const planned: PlannedEvent[] = [];
  let state = emptyState;
  let [kinds, faultBag]: [ArchiveEventKind[], string[]] = [[], []];
  for (let number = 1; number <= count; number++) {
    const pauseMs = Math.round(random() ** 2 * 1_500);
    const isQuietPoint = number % eventsBetweenChecks === 0 || number === count;
    if (faults.length > 0 && random() < shareOfFaults) {
      if (faultBag.length === 0) faultBag = shuffled(faults, random);
      planned.push({ number, event: { kind: 'fault', fault: faultBag.pop()! }, pauseMs, isQuietPoint });
      continue;
    }
    if (kinds.length === 0) kinds = shuffled(archiveKinds, random);
    const { event, kind } = chooseEvent(kinds, number, state, random);
    kinds = kinds.filter((one) => one !== kind);
    state = stateAfter(event, state);
    planned.push({ number, event, pauseMs, isQuietPoint });
  }
  return planned;
}

/** An event of the first kind in the bag for which there is a study. */
function chooseEvent(
  kinds: readonly ArchiveEventKind[],
  number: number,
  state: ExpectedState,
  random: Uniform,
): { readonly event: ArchiveEvent; readonly kind: ArchiveEventKind | undefined } {
  // A few studies first, and now and then one more, so that there is something to happen to.
  const isSmall = state.archive.size < 3 || (state.archive.size < maxStudies && random() < 0.1);
  if (isSmall) return { event: eventOf('study arrives', number, state, random)!, kind: undefined };
  const ordered = state.archive.size > maxStudies ? (['study deleted', ...kinds] as const) : kinds;
  for (const kind of ordered) {
    const event = eventOf(kind, number, state, random);
    if (event && applies(event, state)) return { event, kind };
  }
  return { event: eventOf('study arrives', number, state, random)!, kind: undefined };
}

function eventOf(kind: ArchiveEventKind, number: number, state: ExpectedState, random: Uniform): ArchiveEvent | undefined {
  const pick = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
  const studies = [...state.archive.values()];
  const withImages = studies.filter((one) => one.images.length > 0);
  const image = (imageKind: ImageKind, index: number, series: string): ExpectedImage => ({
    number: number * 10 + index,
    kind: imageKind,
    picture: Math.floor(random() * pictureCount),
    series,
  });
  switch (kind) {
    case 'study arrives':
      return { kind, study: `study ${number}`, images: pick(contents)!.map((one, index) => image(one, index, one)) };
    case 'deleted study sent again': {
      const study = pick([...state.deleted.values()].filter((one) => one.images.length > 0));
      return study && { kind, study: study.name, images: study.images };
    }
    case 'PACS backed up':
    case 'PACS restored':
    case 'PACS restarted':
    case 'index backed up':
    case 'index restored':
      return { kind };
    case 'study deleted': {
      const study = pick(studies);
      return study && { kind, study: study.name };
    }
    case 'assessment deleted': {
      const study = pick(studies.filter((one) => one.assessments.length > 0));
      return study && { kind, study: study.name, reader: pick(study.assessments)!.reader };
    }
    default: {
      const study = pick(withImages);
      return study && eventOn(study, kind, number, withImages, image, random);
    }
  }
}

function eventOn(
  study: ExpectedStudy,
  kind: Exclude<
    ArchiveEventKind,
    | 'study arrives'
    | 'deleted study sent again'
    | 'PACS backed up'
    | 'PACS restored'
    | 'PACS restarted'
    | 'index backed up'
    | 'index restored'
    | 'study deleted'
    | 'assessment deleted'
  >,
  number: number,
  withImages: readonly ExpectedStudy[],
  image: (kind: ImageKind, index: number, series: string) => ExpectedImage,
  random: Uniform,
): ArchiveEvent | undefined {
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const { name } = study;
  const one = pick(study.images);
  const frontal = study.images.filter((each) => each.kind === 'frontal').length;
  switch (kind) {
    case 'late image':
    case 'image there and back':
      return { kind, study: name, image: image(frontal < maxFrontal ? pick(imageKinds) : 'hand', 0, `late ${number}`) };
    case 'image replaced':
    case 'image replaced and restored':
      return {
        kind,
        study: name,
        number: one.number,
        picture: (one.picture + 1 + Math.floor(random() * (pictureCount - 1))) % pictureCount,
      };
    case 'image deleted':
    case 'same bytes again':
      return { kind, study: name, number: one.number };
    case 'series deleted':
      return { kind, study: name, series: one.series };
    case 'all images deleted':
    case 'documents deleted':
      return { kind, study: name };
    case 'study merged':
    case 'series merged': {
      const others = withImages.filter((each) => each !== study);
      if (others.length === 0) return undefined;
      const into = pick(others).name;
      return kind === 'study merged' ? { kind, study: name, into } : { kind, study: name, into, series: one.series };
    }
    case 'study moved':
      return { kind, study: name, into: `moved ${number}` };
    case 'patient corrected':
      return { kind, study: name, patient: `CORRECTED ${number}` };
    case 'study anonymised':
      return { kind, study: name, copy: `copy ${number}`, keepSource: random() < 0.5 };
    case 'assessment given':
      return { kind, study: name, assessment: { reader: `Reader ${number}`, decision: random() < 0.5 ? 'present' : 'absent' } };
  }
}

const imageKinds: readonly ImageKind[] = ['frontal', 'frontal', 'frontal', 'lateral', 'hand'];

/** What studies consist of when they arrive. */
const contents: readonly (readonly ImageKind[])[] = [
  ['frontal'],
  ['frontal'],
  ['frontal', 'lateral'],
  ['frontal', 'frontal'],
  ['hand', 'frontal'],
  ['hand'],
  ['lateral'],
];

/** One line for each event, for the output and for a failure. */
export function describeEvent({ number, event, isQuietPoint }: PlannedEvent): string {
  const { kind, ...details } = event;
  const text = Object.entries(details)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
  return `${String(number).padStart(4)} ${kind}${text ? `: ${text}` : ''}${isQuietPoint ? ' — then checked' : ''}`;
}

/** The events of a list that still apply when others were left out; the last one is a quiet point. */
export function applicable(events: readonly PlannedEvent[]): readonly PlannedEvent[] {
  let state = emptyState;
  const possible = events.filter(({ event }) => {
    if (event.kind === 'fault') return true;
    if (!applies(event, state)) return false;
    state = stateAfter(event, state);
    return true;
  });
  return possible.map((one, index) => (index === possible.length - 1 ? { ...one, isQuietPoint: true } : one));
}
