import { textOf, type DataSet } from '../../src/dicom/data-set.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { ownDocumentsIn, type OwnDocuments } from '../../src/reporting/own-documents.js';
import { orthancRequest } from '../support/orthanc-request.js';
import type { TestOrthanc } from '../support/orthanc.js';
import { isImage } from './archive.js';

/** A study as Orthanc contains it. */
export interface ObservedStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly orthancIds: readonly string[];
  readonly images: readonly DataSet[];
  readonly documents: OwnDocuments;
  /** Readers of the assessments. */
  readonly readers: readonly string[];
  readonly instances: readonly DataSet[];
}

interface ListedResource {
  readonly ID: string;
  readonly MainDicomTags: Readonly<Record<string, string>>;
}

/** Reads Orthanc, not through the proxy; the metadata of a study are read again only after a change. */
export class ArchiveReader {
  readonly #known = new Map<string, { readonly key: string; readonly study: ObservedStudy }>();

  constructor(private readonly pacs: TestOrthanc) {}

  async read(): Promise<ReadonlyMap<StudyInstanceUID, ObservedStudy>> {
    const list = async <Resource>(path: string): Promise<readonly Resource[]> =>
      (await orthancRequest(this.pacs.endpoint, 'GET', path)) as readonly Resource[];
    const studies = await list<ListedResource>('/studies?expand');
    const series = await list<{ readonly ID: string; readonly ParentStudy: string }>('/series?expand');
    const instances = await list<{ readonly ID: string; readonly ParentSeries: string; readonly FileUuid: string }>('/instances?expand');
    const studyOfSeries = new Map(series.map((one) => [one.ID, one.ParentStudy]));
    const observed = new Map<StudyInstanceUID, ObservedStudy>();
    for (const { ID, MainDicomTags } of studies) {
      const studyInstanceUID = MainDicomTags['StudyInstanceUID'] as StudyInstanceUID;
      const key = `${ID} ${instances
        .filter((one) => studyOfSeries.get(one.ParentSeries) === ID)
        .map((one) => `${one.ID} ${one.FileUuid}`)
        .sort()
        .join(' ')}`;
      let known = this.#known.get(ID);
      if (known?.key !== key) this.#known.set(ID, (known = { key, study: await this.#readStudy(studyInstanceUID, ID) }));
      const other = observed.get(studyInstanceUID);
      observed.set(studyInstanceUID, other ? { ...other, orthancIds: [...other.orthancIds, ID] } : known.study);
    }
    return observed;
  }

  async #readStudy(studyInstanceUID: StudyInstanceUID, orthancId: string): Promise<ObservedStudy> {
    const instances = await this.pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID);
    return {
      studyInstanceUID,
      orthancIds: [orthancId],
      images: instances.filter(isImage),
      documents: ownDocumentsIn(instances),
      readers: readAssessments(instances).map(({ assessment }) => assessment.reader),
      instances,
    };
  }
}

export function patientsOf(instances: readonly DataSet[]): readonly string[] {
  return [...new Set(instances.map((one) => textOf(one, 'PatientID') ?? ''))];
}
