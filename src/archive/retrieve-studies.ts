import { isUsableUid, quotedUid } from '../dicom/uid.js';
import { asFault, Fault } from '../errors.js';
import { addDays } from './study-dates.js';

/** A study that another PACS has, as far as it states it. */
interface OfferedStudy {
  readonly studyInstanceUID: string;
  /** YYYYMMDD. */
  readonly studyDate?: string | undefined;
  readonly modalities?: readonly string[] | undefined;
  readonly instances?: number | undefined;
}

/** The PACS that is queried, and Orthanc, into which studies are retrieved. */
export interface RetrievePorts {
  /** Studies of one Study Date, YYYYMMDD. @throws Fault if the PACS does not answer */
  query(studyDate: string): Promise<readonly OfferedStudy[]>;
  /** Number of instances that Orthanc has of a study. */
  countInstances(studyInstanceUID: string): Promise<number>;
  /** @throws Fault */
  retrieve(studyInstanceUID: string): Promise<void>;
  /** Waits, so that no more than the permitted number of studies is retrieved in an hour. */
  pace(): Promise<void>;
}

/** What became of the studies of one day. */
export interface RetrievedDay {
  /** YYYYMMDD. */
  readonly studyDate: string;
  readonly found: number;
  readonly retrieved: number;
  /** In Orthanc already, with as many instances as the PACS states. */
  readonly present: number;
  /** Without an image of the modalities. */
  readonly otherModality: number;
  /** Of another day than that of the query: the PACS did not compare the Study Date. */
  readonly otherDate: number;
  readonly failed: readonly { readonly studyInstanceUID: string; readonly fault: Fault }[];
}

/** So many studies one after the other fail only if something is wrong with all of them. */
const maxFailuresInARow = 3;

/**
 * Retrieves the studies of a range of Study Dates from another PACS, day by day and one study at a time. What Orthanc has already is passed
 * over, so a run that was interrupted is continued by the same call.
 *
 * @param since first and `until` last Study Date, YYYYMMDD
 * @param modalities studies of other modalities are left out; those whose modalities the PACS does not state are retrieved
 * @throws Fault of the query, or of the last study if three in a row failed
 */
export async function* retrieveStudies(
  { since, until, modalities }: { readonly since: string; readonly until: string; readonly modalities: readonly string[] },
  ports: RetrievePorts,
): AsyncGenerator<RetrievedDay> {
  let failuresInARow = 0;
  for (let day = since; day <= until; day = addDays(day, 1)) {
    const count = { found: 0, retrieved: 0, present: 0, otherModality: 0, otherDate: 0 };
    const failed: { studyInstanceUID: string; fault: Fault }[] = [];
    for (const study of unique(await ports.query(day))) {
      count.found++;
      const { studyInstanceUID, studyDate = day, modalities: inStudy, instances = 1 } = study;
      // A list or a wildcard in its place would retrieve other studies.
      if (!isUsableUid(studyInstanceUID)) failed.push({ studyInstanceUID: quotedUid(studyInstanceUID), fault: noUid() });
      else if (studyDate !== day) count.otherDate++;
      else if (inStudy && !inStudy.some((one) => modalities.includes(one))) count.otherModality++;
      else if ((await ports.countInstances(studyInstanceUID)) >= Math.max(1, instances)) count.present++;
      else {
        await ports.pace();
        try {
          await retrieveWhole(study, ports);
          count.retrieved++;
          failuresInARow = 0;
        } catch (error) {
          const fault = asFault(error, 'internal', { studyInstanceUID });
          failed.push({ studyInstanceUID, fault });
          if (++failuresInARow >= maxFailuresInARow) {
            yield { studyDate: day, ...count, failed };
            throw fault;
          }
        }
      }
    }
    yield { studyDate: day, ...count, failed };
  }
}

/** The answer to C-MOVE states what was sent; what counts is what has arrived. */
async function retrieveWhole({ studyInstanceUID, instances = 1 }: OfferedStudy, ports: RetrievePorts): Promise<void> {
  await ports.retrieve(studyInstanceUID);
  const arrived = await ports.countInstances(studyInstanceUID);
  if (arrived >= Math.max(1, instances)) return;
  throw new Fault(
    'pacs-error',
    arrived === 0
      ? 'expected the study in Orthanc after C-MOVE, found none of it: check at the PACS that host and port of this AE title are those of Orthanc'
      : `expected ${instances} instances in Orthanc after C-MOVE, found ${arrived}`,
    { studyInstanceUID },
  );
}

function noUid(): Fault {
  return new Fault('pacs-malformed', 'expected a Study Instance UID in the answer to C-FIND, found another text: the study is left out');
}

function unique(studies: readonly OfferedStudy[]): readonly OfferedStudy[] {
  return [...new Map(studies.map((one) => [one.studyInstanceUID, one])).values()];
}
