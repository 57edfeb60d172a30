import { textOf, type DataSet } from '../dicom/data-set.js';
import { fromDicomJson } from '../dicom/json.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { asFault, Fault, type FaultSubject } from '../errors.js';
import { faultOfStatus, HttpExchange, jsonOf, type HttpEndpoint } from '../http/http-exchange.js';
import { pacsAddress, uidSegment, type PacsAddress } from '../http/pacs-address.js';
import { DicomWebCall } from './dicomweb-call.js';
import { withQuotedUids } from './quoted-uids.js';
import { openLibrary, type DicomWebLibrary, type WithRequest } from './library.js';
import { searchedValues } from './searched-values.js';
import { readStoreResponse, type StoredInstance } from './store-response.js';

export type { StoredInstance } from './store-response.js';

/** Attributes to match by keyword (PS3.18 §8.3.4.1), e.g. `{ StudyDate: '20260101-' }`; `includefield` as one comma-separated text. */
export type Query = Readonly<Record<string, string>>;

export interface Page {
  readonly limit?: number;
  readonly offset?: number;
}

/** Among so many rows that a wildcard finds those that were meant are looked for. */
const rowsOfWiderSearch = 500;

/** The library cannot ask for this: given any media type, its retrieveInstance (0.11.3) throws. */
const asStored = 'multipart/related; type="application/dicom"; transfer-syntax=*';

/**
 * QIDO-RS, WADO-RS and STOW-RS of one PACS (PS3.18 §10), with data sets under keywords and files as bytes.
 *
 * Every method throws a Fault: pacs-unreachable, pacs-unauthorized, pacs-not-found, pacs-error, pacs-malformed,
 * timed-out, pacs-rejected.
 */
export class DicomWeb {
  private readonly http: HttpExchange;
  private readonly library: DicomWebLibrary;

  /** @param endpoint its `url` is the root of DICOMweb, e.g. http://localhost:8042/dicom-web */
  constructor(endpoint: HttpEndpoint) {
    this.http = new HttpExchange({ maxConcurrent: 4, ...endpoint });
    this.library = openLibrary(this.http.url);
  }

  /** Without credentials, for messages. */
  get url(): string {
    return this.http.url;
  }

  close(): void {
    this.http.close();
  }

  /**
   * A row that cannot be read, or that only a wildcard found, becomes an empty data set: one study never spoils a list, and pages stay as
   * long as they were. Without an offset nobody counts rows, and those that a wildcard found are left out.
   */
  async searchForStudies(query: Query = {}, page: Page = {}): Promise<readonly DataSet[]> {
    const searched = searchedValues(query);
    const isPaged = page.offset !== undefined;
    const limit = searched.isWider && !isPaged ? { limit: Math.max(page.limit ?? 0, rowsOfWiderSearch) } : {};
    const queryParams = { ...searched.query, ...page, ...limit };
    const rows = await this.list(pacsAddress(['studies'], queryParams), {}, (request) =>
      this.library.searchForStudies({ queryParams, request }),
    );
    const read = rows.map(readableRow);
    return isPaged
      ? read.map((row) => (searched.matches(row) ? row : {}))
      : searched.isWider
        ? read.filter((row) => searched.matches(row)).slice(0, page.limit)
        : read;
  }

  async searchForSeries(studyInstanceUID: StudyInstanceUID, query: Query = {}): Promise<readonly DataSet[]> {
    const path = pacsAddress([...studyPath({ studyInstanceUID }), 'series'], query);
    return this.dataSets(path, { studyInstanceUID }, (request) =>
      this.library.searchForSeries({ studyInstanceUID, queryParams: { ...query }, request }),
    );
  }

  async searchForInstances(
    studyInstanceUID: StudyInstanceUID,
    seriesInstanceUID: SeriesInstanceUID,
    query: Query = {},
  ): Promise<readonly DataSet[]> {
    const path = pacsAddress([...seriesPath({ studyInstanceUID, seriesInstanceUID }), 'instances'], query);
    return this.dataSets(path, { studyInstanceUID, seriesInstanceUID }, (request) =>
      this.library.searchForInstances({ studyInstanceUID, seriesInstanceUID, queryParams: { ...query }, request }),
    );
  }

  /**
   * Every instance of the study, all attributes but bulk data.
   * @throws Fault pacs-malformed also if the PACS leaves out what every instance has: then it is set to answer with a part only
   */
  async retrieveStudyMetadata(studyInstanceUID: StudyInstanceUID): Promise<readonly DataSet[]> {
    const path = pacsAddress([...studyPath({ studyInstanceUID }), 'metadata']);
    return requireFullMetadata(
      await this.dataSets(path, { studyInstanceUID }, (request) => this.library.retrieveStudyMetadata({ studyInstanceUID, request })),
      'StudiesMetadata',
      { studyInstanceUID },
    );
  }

  async retrieveSeriesMetadata(studyInstanceUID: StudyInstanceUID, seriesInstanceUID: SeriesInstanceUID): Promise<readonly DataSet[]> {
    const subject = { studyInstanceUID, seriesInstanceUID };
    const path = pacsAddress([...seriesPath(subject), 'metadata']);
    return requireFullMetadata(
      await this.dataSets(path, subject, (request) => this.library.retrieveSeriesMetadata({ ...subject, request })),
      'SeriesMetadata',
      subject,
    );
  }

  /** The Part 10 file in the transfer syntax that it is stored in: decoding is ours, Orthanc's would fail on some (FACTS). */
  async retrieveInstance(
    studyInstanceUID: StudyInstanceUID,
    seriesInstanceUID: SeriesInstanceUID,
    sopInstanceUID: SOPInstanceUID,
  ): Promise<Uint8Array> {
    const subject = { studyInstanceUID, seriesInstanceUID, sopInstanceUID };
    const path = aboutFault(subject, () =>
      pacsAddress([...seriesPath(subject), 'instances', uidSegment(sopInstanceUID, 'SOPInstanceUID')]),
    );
    const part: unknown = await new DicomWebCall(this.http, { method: 'GET', path }, subject, asStored).of((request) =>
      this.library.retrieveInstance({ ...subject, request }),
    );
    if (!Buffer.isBuffer(part) || part.toString('latin1', 128, 132) !== 'DICM')
      throw new Fault('pacs-malformed', 'the answer is not one DICOM file', subject);
    // A plain array over the same bytes: a Buffer's slice would be a view where the caller expects a copy.
    return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  }

  /**
   * Whether the account may store: checked by a STOW-RS request that holds no instance (Orthanc 1.10.1 answers 200).
   * @throws Fault pacs-unreachable, timed-out
   */
  async mayStore(): Promise<boolean> {
    const headers = { 'Content-Type': 'multipart/related; type="application/dicom"; boundary=nothing', Accept: 'application/dicom+json' };
    const reply = await this.http.exchange({ method: 'POST', path: pacsAddress(['studies']), headers, body: '--nothing--\r\n' });
    return reply.status !== 401 && reply.status !== 403 && reply.status !== 405;
  }

  /**
   * Stores Part 10 files; all or a Fault. What the PACS already has counts as stored.
   * @throws Fault pacs-rejected, with the reason code where the PACS gives one
   */
  async storeInstances(files: readonly Uint8Array[], subject: FaultSubject = {}): Promise<readonly StoredInstance[]> {
    if (files.length === 0) return [];
    const call = new DicomWebCall(this.http, { method: 'POST', path: pacsAddress(['studies']) }, subject, 'application/dicom+json');
    const source = '/studies';
    try {
      await call.of((request) => this.library.storeInstances({ datasets: files, request }));
    } catch (thrown) {
      // 202, 409 and Orthanc's 400 name the refused instances in their body; other faults have no such body.
      if (call.status !== 400 && call.status !== 409) throw thrown;
    }
    const reply = call.reply;
    if (!reply) throw new Fault('pacs-malformed', 'no answer to what was stored', { ...subject, source });
    const isStoreResponse = /json/.test(String(reply.headers['content-type'] ?? 'json')) && reply.body.length > 0;
    if (!isStoreResponse && reply.status >= 400)
      throw new Fault('pacs-rejected', faultOfStatus(reply.status, '', {}).detail, { ...subject, source });
    return readStoreResponse(dataSetOf(jsonOf(reply, { ...subject, source }), { ...subject, source }), files.length, subject);
  }

  private async dataSets(
    path: PacsAddress,
    subject: FaultSubject,
    call: (request: WithRequest['request']) => Promise<unknown>,
  ): Promise<readonly DataSet[]> {
    return (await this.list(path, subject, call)).map((one) => dataSetOf(one, subject));
  }

  private async list(
    path: PacsAddress,
    subject: FaultSubject,
    call: (request: WithRequest['request']) => Promise<unknown>,
  ): Promise<readonly unknown[]> {
    const answer = await new DicomWebCall(this.http, { method: 'GET', path }, subject).of(call);
    if (!Array.isArray(answer)) throw new Fault('pacs-malformed', 'a list of data sets was expected', subject);
    return answer;
  }
}

function studyPath(subject: { readonly studyInstanceUID: StudyInstanceUID }): readonly string[] {
  return aboutFault(subject, () => ['studies', uidSegment(subject.studyInstanceUID, 'StudyInstanceUID')]);
}

function seriesPath(subject: {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly seriesInstanceUID: SeriesInstanceUID;
}): readonly string[] {
  return aboutFault(subject, () => [...studyPath(subject), 'series', uidSegment(subject.seriesInstanceUID, 'SeriesInstanceUID')]);
}

function aboutFault<T>(subject: FaultSubject, build: () => T): T {
  try {
    return build();
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown.about(subject) : thrown;
  }
}

/** SOP Class UID (Type 1 in every composite IOD) is what Orthanc leaves out first. */
function requireFullMetadata(instances: readonly DataSet[], setting: string, subject: FaultSubject): readonly DataSet[] {
  if (instances.length === 0 || instances.some((one) => textOf(one, 'SOPClassUID') !== undefined)) return instances;
  throw new Fault(
    'pacs-malformed',
    `the metadata name no SOP Class UID of any instance; set DicomWeb.${setting} to "Full" in Orthanc's configuration and restart Orthanc`,
    subject,
  );
}

/** A row that is no object is a malformed answer; a data set that cannot be read affects its own study only. */
function readableRow(json: unknown): DataSet {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return dataSetOf(json, {});
  try {
    return dataSetOf(json, {});
  } catch (thrown) {
    if (thrown instanceof Fault) return {};
    throw thrown;
  }
}

function dataSetOf(json: unknown, subject: FaultSubject): DataSet {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Fault('pacs-malformed', 'a data set in the DICOM JSON model was expected', subject);
  try {
    return withQuotedUids(fromDicomJson(json as Record<string, unknown>));
  } catch (thrown) {
    const fault = asFault(thrown, 'pacs-malformed', subject);
    throw fault.code === 'pacs-malformed' ? fault : new Fault('pacs-malformed', fault.detail, subject, { cause: thrown });
  }
}
