import { textOf, type DataSet } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { isUsableUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { Pacs } from '../reporting/ports.js';

/** A DICOM file; its bytes are read when they are needed, because a CT may have thousands. */
export interface StudyFile {
  readonly file: string;
  readonly dataSet: DataSet;
  read(): Promise<Uint8Array>;
}

/** Files of one study in the place of a PACS, so that `analyze` tells the same story as the service. */
export class FilePacs implements Pacs {
  readonly instances: readonly DataSet[];
  readonly studyInstanceUID: StudyInstanceUID;
  /** Documents by file name. */
  readonly stored = new Map<string, Uint8Array>();
  readonly #files: ReadonlyMap<string, StudyFile>;

  /** @throws Fault `dicom-attribute` if a file does not say which instance of which study it is */
  constructor(files: readonly StudyFile[]) {
    this.instances = files.map(({ dataSet }) => dataSet);
    this.#files = new Map(files.map((one) => [required(one, 'SOPInstanceUID'), one]));
    this.studyInstanceUID = required(files[0]!, 'StudyInstanceUID') as StudyInstanceUID;
  }

  async retrieveStudyMetadata(): Promise<readonly DataSet[]> {
    return this.instances;
  }

  async retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array> {
    const bytes = (await this.#files.get(instance)?.read()) ?? this.stored.get(`${instance}.dcm`);
    if (!bytes)
      throw new Fault('pacs-not-found', 'expected one of the files given', {
        studyInstanceUID: study,
        seriesInstanceUID: series,
        sopInstanceUID: instance,
      });
    return bytes;
  }

  async storeInstances(files: readonly Uint8Array[]): Promise<void> {
    for (const bytes of files) this.stored.set(`${textOf(readPart10(bytes).dataSet, 'SOPInstanceUID') ?? ''}.dcm`, bytes);
  }
}

function required({ dataSet, file: source }: StudyFile, attribute: string): string {
  const uid = textOf(dataSet, attribute);
  if (uid && isUsableUid(uid)) return uid;
  throw new Fault('dicom-attribute', `expected a UID, found ${uid === undefined ? 'nothing' : 'something else'}`, { attribute, source });
}
