/*
 * What the archive is expected to contain, as values that change only by events. It knows nothing of Orthanc, so that a list of events
 * can be planned, replayed and shortened without one.
 */

export type ImageKind = 'frontal' | 'lateral' | 'hand';

export interface ExpectedImage {
  /** Instance Number, unique in a run: it stays when Orthanc gives the image new UIDs. */
  readonly number: number;
  readonly kind: ImageKind;
  /** Which of the pictures it shows, 0 to pictureCount − 1. */
  readonly picture: number;
  /** Images of one label are one series. */
  readonly series: string;
}

export interface ExpectedAssessment {
  /** Every assessment has a reader of its own. */
  readonly reader: string;
  readonly decision: 'present' | 'absent';
}

export interface ExpectedStudy {
  readonly name: string;
  /** Patient ID. */
  readonly patient: string;
  readonly images: readonly ExpectedImage[];
  readonly assessments: readonly ExpectedAssessment[];
  /** Orthanc chose its UIDs. */
  readonly isDerived: boolean;
  /** It contains copies of documents that no longer count as ours. */
  readonly hasForeignDocuments: boolean;
}

export type ExpectedArchive = ReadonlyMap<string, ExpectedStudy>;

/** The content of the PACS, what was deleted from it, and the copy that can be restored. */
export interface ExpectedState {
  readonly archive: ExpectedArchive;
  /** Studies that were deleted, as they were sent. */
  readonly deleted: ExpectedArchive;
  readonly pacsCopy?: ExpectedArchive;
  readonly hasIndexCopy: boolean;
}

export type StudyEvent =
  | { readonly kind: 'study arrives' | 'deleted study sent again'; readonly study: string; readonly images: readonly ExpectedImage[] }
  | { readonly kind: 'late image' | 'image there and back'; readonly study: string; readonly image: ExpectedImage }
  | {
      readonly kind: 'image replaced' | 'image replaced and restored';
      readonly study: string;
      readonly number: number;
      readonly picture: number;
    }
  | { readonly kind: 'image deleted' | 'same bytes again'; readonly study: string; readonly number: number }
  | { readonly kind: 'series deleted'; readonly study: string; readonly series: string }
  | { readonly kind: 'all images deleted' | 'study deleted' | 'documents deleted'; readonly study: string }
  | { readonly kind: 'study merged' | 'study moved'; readonly study: string; readonly into: string }
  | { readonly kind: 'series merged'; readonly study: string; readonly series: string; readonly into: string }
  | { readonly kind: 'patient corrected'; readonly study: string; readonly patient: string }
  | { readonly kind: 'study anonymised'; readonly study: string; readonly copy: string; readonly keepSource: boolean }
  | { readonly kind: 'assessment given'; readonly study: string; readonly assessment: ExpectedAssessment }
  | { readonly kind: 'assessment deleted'; readonly study: string; readonly reader: string };

export type PacsEvent = { readonly kind: 'PACS backed up' | 'PACS restored' | 'PACS restarted' | 'index backed up' | 'index restored' };

export type ArchiveEvent = StudyEvent | PacsEvent;

/** What the current result of a study states. */
export type ExpectedResult =
  /** `pictures`: of the images that it rests on. */
  | { readonly outcome: 'reported'; readonly pictures: readonly number[] }
  | { readonly outcome: 'skipped'; readonly codes: readonly string[] };

/** By the shipped routing rules: frontal chest images are analysed, lateral views and hands are not. */
export function expectedResult({ images, hasForeignDocuments }: ExpectedStudy): ExpectedResult {
  const frontal = images.filter((one) => one.kind === 'frontal');
  if (frontal.length > 0) return { outcome: 'reported', pictures: frontal.map((one) => one.picture) };
  if (images.some((one) => one.kind === 'lateral')) return { outcome: 'skipped', codes: ['lateral-only'] };
  if (images.length > 0) return { outcome: 'skipped', codes: ['no-rule'] };
  // A copied document that is not ours counts as content of the study, which no rule selects.
  return { outcome: 'skipped', codes: hasForeignDocuments ? ['no-image', 'no-rule'] : ['no-image'] };
}

export const emptyState: ExpectedState = { archive: new Map(), deleted: new Map(), hasIndexCopy: false };

/** Whether an event can take place: after the shortening of a list its study may be missing. */
export function applies(event: ArchiveEvent, { archive, deleted, pacsCopy, hasIndexCopy }: ExpectedState): boolean {
  switch (event.kind) {
    case 'PACS restored':
      return pacsCopy !== undefined;
    case 'index restored':
      return hasIndexCopy;
    case 'PACS backed up':
    case 'PACS restarted':
    case 'index backed up':
      return true;
    case 'study arrives':
      return !archive.has(event.study);
    case 'deleted study sent again':
      return !archive.has(event.study) && deleted.has(event.study);
    default:
      return appliesTo(event, archive.get(event.study), archive);
  }
}

function appliesTo(
  event: Exclude<StudyEvent, { readonly images: unknown }>,
  study: ExpectedStudy | undefined,
  archive: ExpectedArchive,
): boolean {
  if (!study) return false;
  switch (event.kind) {
    case 'late image':
    case 'image there and back':
      return event.image.kind !== 'frontal' || frontalCount(study.images) < maxFrontal;
    case 'image replaced':
    case 'image replaced and restored':
    case 'image deleted':
    case 'same bytes again':
      return study.images.some((one) => one.number === event.number);
    case 'series deleted':
      return study.images.some((one) => one.series === event.series);
    case 'study merged': {
      const into = archive.get(event.into);
      return study.images.length > 0 && !!into && fits(study.images, into);
    }
    case 'series merged': {
      const into = archive.get(event.into);
      const moved = study.images.filter((one) => one.series === event.series);
      return moved.length > 0 && !!into && fits(moved, into);
    }
    case 'study moved':
      return study.images.length > 0 && !archive.has(event.into);
    case 'study anonymised':
      return study.images.length > 0 && !archive.has(event.copy);
    case 'assessment deleted':
      return study.assessments.some((one) => one.reader === event.reader);
    case 'study deleted':
      return true;
    default:
      return study.images.length > 0;
  }
}

/** `report.maxImages` is 4: more frontal images would make it matter which are the newest. */
export const maxFrontal = 3;

const frontalCount = (images: readonly ExpectedImage[]): number => images.filter((one) => one.kind === 'frontal').length;
/** An anonymised copy has the numbers of its source, by which images could then no longer be told apart. */
const fits = (moved: readonly ExpectedImage[], into: ExpectedStudy): boolean =>
  into.images.length > 0 &&
  frontalCount(moved) + frontalCount(into.images) <= maxFrontal &&
  !moved.some((one) => into.images.some((other) => other.number === one.number));

/** The state after an event that applies. */
export function stateAfter(event: ArchiveEvent, state: ExpectedState): ExpectedState {
  switch (event.kind) {
    case 'PACS backed up':
      return { ...state, pacsCopy: state.archive };
    case 'PACS restored':
      return { ...state, archive: state.pacsCopy! };
    case 'index backed up':
      return { ...state, hasIndexCopy: true };
    case 'index restored':
    case 'PACS restarted':
      return state;
    default: {
      const archive = new Map(state.archive);
      const deleted = new Map(state.deleted);
      change(event, archive, deleted);
      return { ...state, archive, deleted };
    }
  }
}

function change(event: StudyEvent, archive: Map<string, ExpectedStudy>, deleted: Map<string, ExpectedStudy>): void {
  const study = archive.get(event.study);
  const set = (changed: Partial<ExpectedStudy>): void => void archive.set(event.study, { ...study!, ...changed });
  switch (event.kind) {
    case 'study arrives':
    case 'deleted study sent again':
      archive.set(event.study, {
        name: event.study,
        patient: event.study,
        images: event.images,
        assessments: [],
        isDerived: false,
        hasForeignDocuments: false,
      });
      deleted.delete(event.study);
      return;
    case 'late image':
      return set({ images: [...study!.images, event.image] });
    case 'image replaced':
      return set({ images: study!.images.map((one) => (one.number === event.number ? { ...one, picture: event.picture } : one)) });
    case 'image deleted':
      return set({ images: study!.images.filter((one) => one.number !== event.number) });
    case 'series deleted':
      return set({ images: study!.images.filter((one) => one.series !== event.series) });
    case 'all images deleted':
      return set({ images: [] });
    case 'study deleted':
      archive.delete(event.study);
      if (!study!.isDerived && study!.images.length > 0) deleted.set(event.study, study!);
      return;
    case 'study merged': {
      const into = archive.get(event.into)!;
      archive.set(event.into, {
        ...into,
        images: [...into.images, ...relabelled(study!.images, event.study)],
        assessments: [...into.assessments, ...study!.assessments],
      });
      archive.delete(event.study);
      return;
    }
    case 'series merged': {
      const into = archive.get(event.into)!;
      const moved = study!.images.filter((one) => one.series === event.series);
      archive.set(event.into, { ...into, images: [...into.images, ...relabelled(moved, event.study)] });
      return set({ images: study!.images.filter((one) => !moved.includes(one)) });
    }
    case 'study moved':
      archive.delete(event.study);
      archive.set(event.into, { ...study!, name: event.into, isDerived: true });
      return;
    case 'patient corrected':
      return set({ patient: event.patient });
    case 'study anonymised':
      archive.set(event.copy, {
        ...study!,
        name: event.copy,
        patient: event.copy,
        assessments: [],
        isDerived: true,
        hasForeignDocuments: true,
      });
      if (!event.keepSource) archive.delete(event.study);
      return;
    case 'assessment given':
      return set({ assessments: [...study!.assessments, event.assessment] });
    case 'assessment deleted':
      return set({ assessments: study!.assessments.filter((one) => one.reader !== event.reader) });
    case 'image there and back':
    case 'image replaced and restored':
    case 'same bytes again':
    case 'documents deleted':
      return;
  }
}

/** Each series stays one series, with a new UID. */
const relabelled = (images: readonly ExpectedImage[], from: string): readonly ExpectedImage[] =>
  images.map((one) => ({ ...one, series: `${from}/${one.series}` }));
