import { textOf, type DataSet } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { derivedUid, isUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { Pacs } from '../tasks/tools.js';

/** What a made-up UID is shared by. */
const scopes = { StudyInstanceUID: 'study', SeriesInstanceUID: 'study', SOPClassUID: 'study', SOPInstanceUID: 'instance' } as const;

/** Files of one study in the place of a PACS, so that `analyze` tells the same story as the service. */
export class FilePacs implements Pacs {
  readonly instances: readonly DataSet[];
  readonly studyInstanceUID: StudyInstanceUID;
  /** Documents by file name. */
  readonly stored = new Map<string, Uint8Array>();
  /**
   * UIDs that the files do not state, as anonymised research files do not: others were made up in their place. An image can be
   * analysed all the same, but no document can refer to it.
   */
  readonly missingUids: readonly string[];
  readonly #files: ReadonlyMap<string, Uint8Array>;

  /** @param files of one study */
  constructor(files: readonly { readonly file: string; readonly bytes: Uint8Array; readonly dataSet: DataSet }[]) {
    const missing = new Set<string>();
    this.instances = files.map(({ file, dataSet }) => {
      const unstated = Object.keys(scopes).filter((keyword) => !isUid(textOf(dataSet, keyword) ?? ''));
      for (const keyword of unstated) missing.add(keyword);
      return { ...dataSet, ...Object.fromEntries(unstated.map((keyword) => [keyword, derivedUid('file', keyword, scopes[keyword as keyof typeof scopes] === 'study' ? files[0]!.file : file)])) };
    });
    this.missingUids = [...missing];
    this.#files = new Map(files.map(({ bytes }, index) => [textOf(this.instances[index]!, 'SOPInstanceUID')!, bytes]));
    this.studyInstanceUID = textOf(this.instances[0]!, 'StudyInstanceUID') as StudyInstanceUID;
  }

  async retrieveStudyMetadata(): Promise<readonly DataSet[]> {
    return this.instances;
  }

  async retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array> {
    const bytes = this.#files.get(instance) ?? this.stored.get(`${instance}.dcm`);
    if (!bytes) throw new Fault('pacs-not-found', 'expected one of the files given', { studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: instance });
    return bytes;
  }

  async storeInstances(files: readonly Uint8Array[]): Promise<void> {
    for (const bytes of files) this.stored.set(`${textOf(readPart10(bytes).dataSet, 'SOPInstanceUID') ?? ''}.dcm`, bytes);
  }
}
