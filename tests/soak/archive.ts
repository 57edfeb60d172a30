import { recordAssessment } from '../../src/assessments/assessment-story.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { loadConfig } from '../../src/config.js';
import { numberOf, textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type SOPInstanceUID, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { conceptsOf, loadFindings, termsOf } from '../../src/findings-config.js';
import { Semaphore } from '../../src/lib/semaphore.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import { chestPhantom, type StoredPixels } from '../../src/samples/chest-phantom.js';
import { handPhantom } from '../../src/samples/hand-phantom.js';
import { pixelModule } from '../../src/samples/sample-file.js';
import { isAboutStudy } from '../../src/sr/own-document.js';
import { softwareVersion } from '../../src/software-version.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import type { TestOrthanc } from '../support/orthanc.js';
import type { ExpectedImage, ExpectedState, ExpectedStudy, StudyEvent } from './archive-model.js';

/** The finding that readers assess. */
export const assessedFinding = 'pneumonia';

/** Carries out events on a real Orthanc. Events come one after another; faults may interrupt those that a sender would repeat. */
export class Archive {
  /** Held while Orthanc is stopped, and during operations that change UIDs: nobody could repeat half of one. */
  readonly exclusive = new Semaphore({ maxActive: 1 });
  readonly #uids = new Map<string, StudyInstanceUID>();
  readonly #findings = loadFindings(loadConfig({}).findingsFile);

  constructor(
    private readonly pacs: TestOrthanc,
    private readonly seed: string,
  ) {}

  /** The Study Instance UID of a study of the model. */
  uidOf(study: string): StudyInstanceUID {
    return this.#uids.get(study) ?? derivedUid<StudyInstanceUID>('soak study', this.seed, study);
  }

  /** @param state before the event */
  async apply(event: StudyEvent, { archive }: ExpectedState): Promise<void> {
    const study = archive.get(event.study);
    switch (event.kind) {
      case 'study arrives':
      case 'deleted study sent again':
        return this.send(event.images.map((image) => this.#fileOf(event.study, event.study, image)));
      case 'late image':
        return this.send([this.#fileOf(event.study, study!.patient, event.image)]);
      case 'image there and back':
        await this.send([this.#fileOf(event.study, study!.patient, event.image)]);
        return this.#deleteImages(event.study, (image) => numberOf(image, 'InstanceNumber') === event.image.number);
      case 'image replaced':
      case 'image replaced and restored': {
        const original = await this.#file(event.study, event.number);
        await this.send([withPicture(original, pixelsOf(study!.images.find((one) => one.number === event.number)!.kind, event.picture))]);
        return event.kind === 'image replaced' ? undefined : this.send([original]);
      }
      case 'same bytes again':
        return this.send([await this.#file(event.study, event.number)]);
      case 'image deleted':
        return this.#deleteImages(event.study, (image) => numberOf(image, 'InstanceNumber') === event.number);
      case 'series deleted':
        return this.#deleteSeries(event.study, numbersOf(study!, event.series));
      case 'all images deleted':
        return this.#deleteImages(event.study, (image) => !isAboutStudy(image));
      case 'documents deleted':
        return this.#deleteImages(event.study, (image) => isAboutStudy(image) && readAssessments([image]).length === 0);
      case 'assessment deleted':
        return this.#deleteImages(event.study, (image) => readAssessments([image])[0]?.assessment.reader === event.reader);
      case 'study deleted':
        return this.#exclusively(async () => {
          for (const id of await this.pacs.client.findStudies(this.uidOf(event.study))) await this.pacs.client.deleteStudy(id);
        });
      case 'assessment given':
        return this.#assess(event.study, event.assessment);
      case 'study merged':
        return this.#exclusively(async () => this.#merge([await this.#studyId(event.study)], event.into));
      case 'series merged':
        return this.#exclusively(async () => this.#merge(await this.#seriesIds(event.study, numbersOf(study!, event.series)), event.into));
      case 'study moved':
        return this.#exclusively(() =>
          this.#derive(event.study, 'modify', event.into, { Replace: { StudyDescription: 'MOVED' }, KeepSource: false }),
        );
      case 'study anonymised':
        return this.#exclusively(() =>
          this.#derive(event.study, 'anonymize', event.copy, {
            Keep: ['BodyPartExamined', 'ViewPosition'],
            Replace: { PatientID: event.copy, PatientName: event.copy },
            Force: true,
            KeepSource: event.keepSource,
          }),
        );
      case 'patient corrected':
        return this.#exclusively(async () => {
          const { ParentPatient } = (await this.#request('GET', `/studies/${await this.#studyId(event.study)}`)) as {
            ParentPatient: string;
          };
          await this.#request('POST', `/patients/${ParentPatient}/modify`, {
            Replace: { PatientID: event.patient, PatientName: event.patient },
            Keep: ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'],
            Force: true,
            KeepSource: false,
            Synchronous: true,
          });
        });
    }
  }

  /** As a modality does: until Orthanc has accepted all. */
  async send(files: readonly Uint8Array[]): Promise<void> {
    await eventually('Orthanc accepts the images', () => this.pacs.dicomWeb.storeInstances(files), { timeoutMs: 120_000, intervalMs: 200 });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.exclusive.use(work);
  }

  #request(method: string, path: string, body?: unknown): Promise<unknown> {
    return orthancRequest(this.pacs.endpoint, method, path, body);
  }

  async #studyId(study: string): Promise<string> {
    const id = await this.pacs.client.findStudy(this.uidOf(study));
    if (id === undefined) throw new Error(`the simulator expects ${study} in the PACS`);
    return id;
  }

  #metadata(study: string): Promise<readonly DataSet[]> {
    return this.pacs.dicomWeb.retrieveStudyMetadata(this.uidOf(study));
  }

  #file(study: string, number: number): Promise<Uint8Array> {
    return this.#exclusively(async () => {
      const image = (await this.#metadata(study)).find((one) => isImage(one) && numberOf(one, 'InstanceNumber') === number);
      if (!image) throw new Error(`the simulator expects image ${number} in ${study}`);
      return pacsOf(this.pacs.dicomWeb).retrieveInstance(
        this.uidOf(study),
        textOf(image, 'SeriesInstanceUID') as never,
        textOf(image, 'SOPInstanceUID') as SOPInstanceUID,
      );
    });
  }

  #deleteImages(study: string, isWanted: (instance: DataSet) => boolean): Promise<void> {
    return this.#exclusively(async () => {
      if ((await this.pacs.client.findStudy(this.uidOf(study))) === undefined) return;
      const uids = (await this.#metadata(study)).filter(isWanted).map((one) => textOf(one, 'SOPInstanceUID') as SOPInstanceUID);
      for (const id of await this.pacs.client.instanceIdsOf(uids)) await this.pacs.client.deleteInstance(id);
    });
  }

  async #seriesIds(study: string, numbers: readonly number[]): Promise<readonly string[]> {
    const list = (await this.#request('GET', `/studies/${await this.#studyId(study)}/instances`)) as readonly {
      readonly ParentSeries: string;
      readonly MainDicomTags: Readonly<Record<string, string>>;
    }[];
    const wanted = list.filter(({ MainDicomTags }) => numbers.includes(Number(MainDicomTags['InstanceNumber'])));
    return [...new Set(wanted.map((one) => one.ParentSeries))];
  }

  #deleteSeries(study: string, numbers: readonly number[]): Promise<void> {
    return this.#exclusively(async () => {
      for (const id of await this.#seriesIds(study, numbers)) await this.#request('DELETE', `/series/${id}`);
    });
  }

  async #merge(resources: readonly string[], into: string): Promise<void> {
    await this.#request('POST', `/studies/${await this.#studyId(into)}/merge`, {
      Resources: resources,
      KeepSource: false,
      Synchronous: true,
    });
  }

  async #derive(study: string, action: string, name: string, body: object): Promise<void> {
    const made = (await this.#request('POST', `/studies/${await this.#studyId(study)}/${action}`, { ...body, Synchronous: true })) as {
      ID: never;
    };
    this.#uids.set(name, (await this.pacs.client.study(made.ID)).studyInstanceUID);
  }

  async #assess(study: string, { reader, decision }: { readonly reader: string; readonly decision: 'present' | 'absent' }): Promise<void> {
    const findings = this.#findings;
    await this.#exclusively(() =>
      recordAssessment(
        { studyInstanceUID: this.uidOf(study), reader: { name: reader }, findings: [{ name: assessedFinding, decision }], origin: 'pacs' },
        {
          pacs: pacsOf(this.pacs.dicomWeb, this.pacs.client),
          clock: { now: () => new Date() },
          softwareVersion,
          seriesNumber: 9910,
          termsOf: (name) => termsOf(findings, name),
          codes: conceptsOf(findings),
        },
      ),
    );
  }

  #fileOf(study: string, patient: string, image: ExpectedImage): Uint8Array {
    return fileOf(image, patient, this.uidOf(study), [this.seed, study]);
  }
}

/** A chest X-ray that shows the picture, in a study of its own. */
export function frontalFile(picture: number): Uint8Array {
  const name = `picture ${picture}`;
  return fileOf({ number: 1, kind: 'frontal', picture, series: 'frontal' }, name, derivedUid<StudyInstanceUID>('soak study', name), [name]);
}

function fileOf(
  { number, kind, picture, series }: ExpectedImage,
  patient: string,
  study: StudyInstanceUID,
  owner: readonly string[],
): Uint8Array {
  const own = (what: string, ...parts: string[]): string => derivedUid(`soak ${what}`, ...owner, ...parts);
  return withPicture(
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      SOPInstanceUID: own('instance', String(number)),
      StudyInstanceUID: study,
      SeriesInstanceUID: own('series', series),
      // Some are within the days of the sweep, some are not.
      StudyDate: number % 20 < 10 ? '20260102' : today(),
      StudyTime: '101112',
      AccessionNumber: '',
      StudyDescription: 'SYNTHETIC',
      StudyID: '1',
      PatientName: 'PHANTOM^SOAK',
      PatientID: patient,
      PatientBirthDate: '',
      PatientSex: 'O',
      ReferringPhysicianName: '',
      Modality: 'CR',
      BodyPartExamined: kind === 'hand' ? 'HAND' : 'CHEST',
      ViewPosition: kind === 'lateral' ? 'LL' : 'PA',
      Manufacturer: '',
      SeriesNumber: 1,
      InstanceNumber: number,
      SamplesPerPixel: 1,
    },
    pixelsOf(kind, picture),
  );
}
/** Not a document: those of the service and of readers are SR or Secondary Capture without ViewPosition. */
export const isImage = (instance: DataSet): boolean => textOf(instance, 'Modality') === 'CR';

const numbersOf = ({ images }: ExpectedStudy, series: string): readonly number[] =>
  images.filter((one) => one.series === series).map((one) => one.number);

const today = (): string => new Date().toISOString().slice(0, 10).replaceAll('-', '');

const pictures = new Map<string, StoredPixels>();

/** Made once each; hands and lateral views are never analysed, so that a small difference is enough. */
function pixelsOf(kind: ExpectedImage['kind'], picture: number): StoredPixels {
  const key = `${kind} ${picture}`;
  let pixels = pictures.get(key);
  if (!pixels) {
    const size = kind === 'frontal' ? { rows: 480, columns: 400 } : { rows: 48, columns: 40 };
    pixels =
      kind === 'hand'
        ? handPhantom({ seed: key, ...size })
        : chestPhantom({
            seed: `soak ${picture}`,
            view: kind,
            opacities:
              picture === 0
                ? []
                : [{ side: picture === 1 ? 'left' : 'right', zone: picture === 3 ? 'upper' : 'lower', kind: 'consolidation' }],
            ...size,
          });
    pictures.set(key, pixels);
  }
  return pixels;
}

/** @param source a file or the attributes of one */
function withPicture(source: Uint8Array | DataSet, pixels: StoredPixels): Uint8Array {
  const dataSet = source instanceof Uint8Array ? readPart10(source).dataSet : source;
  return writePart10({
    ...dataSet,
    ...pixelModule(pixels),
  });
}
