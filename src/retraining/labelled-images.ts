import { textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import { plainText } from '../lib/plain-text.js';
import type { LabelOrigin } from '../lib/label-origin.js';
import type { Log } from '../log.js';
import { selectXrays } from '../routing/select-xrays.js';
import { seriesFactsOf } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import { referenceTo } from '../reporting/image-reference.js';
import { tagsOf } from '../monitoring/study-statistics.js';
import type { AgreedLabel } from '../store/labels.js';
import { patientIdentifier } from './patient-identifier.js';
import type { LabelledStudies } from './labelled-studies.js';

/** A frontal X-ray of a study that readers have labelled, and where its pixels are. */
export interface LabelledImage {
  readonly sopInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly studyInstanceUID: string;
  /** Digest of its bytes, if the PACS offers it: another picture under the same UID is another image. */
  readonly content?: string | undefined;
  /** A keyed hash of Patient ID and its issuer, the same for all images of a patient. */
  readonly patient: string;
  /** Institution, else station, else manufacturer, as the image states it. */
  readonly source: string;
  readonly view: string;
  /** Name of the site for drift. */
  readonly site: string;
  /** How the image was acquired: monitoring/study-statistics.ts. */
  readonly tags: Readonly<Record<string, string>>;
  /** Findings that are present; those in `unknown` have no label; all others are absent. */
  readonly labels: readonly string[];
  readonly unknown: readonly string[];
  /** Where the label of each finding comes from. */
  readonly origins?: Readonly<Record<string, LabelOrigin>> | undefined;
  /** Findings whose label only the text of a report states. */
  readonly readFromText?: readonly string[] | undefined;
}

export interface LabelledImagesPorts {
  readonly pacs: Pick<LabelledStudies, 'retrieveStudyMetadata' | 'content'>;
  readonly maxImages: number;
  /** Turns an identifier into a keyed hash. */
  keyOf(identifier: string): string;
  siteOf(instance: DataSet): string;
  readonly log: Log;
}

/**
 * The images behind agreed labels. A study that was deleted, or has no frontal X-ray, is left out.
 *
 * @param classes findings of the network; labels of other findings are not used
 */
export async function labelledImages(
  labels: readonly AgreedLabel[],
  classes: readonly string[],
  ports: LabelledImagesPorts,
): Promise<readonly LabelledImage[]> {
  const studies = new Map<string, Map<string, AgreedLabel>>();
  for (const label of labels) {
    const { studyInstanceUID, finding } = label;
    if (!classes.includes(finding)) continue;
    const decisions = studies.get(studyInstanceUID) ?? new Map<string, AgreedLabel>();
    studies.set(studyInstanceUID, decisions.set(finding, label));
  }
  const images: LabelledImage[] = [];
  for (const [studyInstanceUID, decisions] of [...studies].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const frontal = await frontalXraysOf(studyInstanceUID as StudyInstanceUID, ports);
    const digests =
      frontal.length === 0
        ? undefined
        : await ports.pacs.content?.digestsOf(
            studyInstanceUID as StudyInstanceUID,
            frontal.map((one) => textOf(one, 'SOPInstanceUID') ?? ''),
          );
    for (const instance of frontal) {
      const reference = referenceIn(instance, studyInstanceUID, ports);
      if (!reference) continue;
      const { sopInstanceUID, seriesInstanceUID } = reference;
      images.push({
        sopInstanceUID,
        seriesInstanceUID,
        studyInstanceUID,
        ...(digests?.has(sopInstanceUID) ? { content: digests.get(sopInstanceUID) } : {}),
        patient: ports.keyOf(patientIdentifier(instance, studyInstanceUID)),
        source: plainText(
          textOf(instance, 'InstitutionName') ?? textOf(instance, 'StationName') ?? textOf(instance, 'Manufacturer') ?? '',
          64,
        ),
        view: plainText(textOf(instance, 'ViewPosition') ?? '', 16),
        site: ports.siteOf(instance),
        tags: tagsOf(instance),
        labels: classes.filter((name) => decisions.get(name)?.decision === 'present'),
        unknown: classes.filter((name) => !decisions.has(name)),
        ...originsOf(decisions),
        ...readFromTextOf(decisions),
      });
    }
  }
  return images;
}

function originsOf(decisions: ReadonlyMap<string, AgreedLabel>): Pick<LabelledImage, 'origins'> {
  const stated = [...decisions.values()].flatMap(({ finding, origin }) => (origin ? [[finding, origin] as const] : []));
  return stated.length === 0 ? {} : { origins: Object.fromEntries(stated) };
}

function readFromTextOf(decisions: ReadonlyMap<string, AgreedLabel>): Pick<LabelledImage, 'readFromText'> {
  const read = [...decisions.values()].flatMap(({ finding, isReadFromText }) => (isReadFromText ? [finding] : []));
  return read.length === 0 ? {} : { readFromText: read };
}

/** An image with an unusable UID must not end the run for all other images. */
function referenceIn(instance: DataSet, study: string, { log }: LabelledImagesPorts): ReturnType<typeof referenceTo> | undefined {
  try {
    return referenceTo(instance);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('an image of a labelled study has an unusable UID and is left out', { study, code: error.code });
    return undefined;
  }
}

async function frontalXraysOf(study: StudyInstanceUID, { pacs, maxImages, log }: LabelledImagesPorts): Promise<readonly DataSet[]> {
  try {
    const instances = (await pacs.retrieveStudyMetadata(study)).filter((one) => !isAboutStudy(one));
    return selectXrays(
      seriesFactsOf(instances).filter((one) => !one.values.modality?.includes('CT')),
      maxImages,
    ).chosen;
  } catch (error) {
    if (!(error instanceof Fault) || isOutage(error)) throw error;
    log.warn('a labelled study cannot be read and is left out', { study, code: error.code });
    return [];
  }
}
