import type { z } from 'zod';
import { isUsableUid, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault, type FaultSubject } from '../errors.js';
import { faultOfStatus, HttpExchange, jsonOf, type HttpEndpoint, type HttpReply, type HttpRequest } from '../http/http-exchange.js';
import { pacsAddress, type AddressQuery } from '../http/pacs-address.js';
import {
  arrivalResponse,
  changesResponse,
  hasLabels,
  instancesResponse,
  labelledResponse,
  listedStudiesResponse,
  lookupResponse,
  namesResponse,
  patientResponse,
  pluginResponse,
  seriesResponse,
  statisticsResponse,
  studiesResponse,
  studyResponse,
  studyStatisticsResponse,
  systemResponse,
  titlesResponse,
  type InstanceArrival,
  type ListedStudy,
  type OrthancChanges,
  type OrthancInstance,
  type OrthancPatient,
  type OrthancSeries,
  type OrthancStudy,
  type OrthancSystem,
  type ResourceType,
} from './responses.js';
import { orthancId, orthancIdOfPatient, type OrthancId } from './orthanc-id.js';
import { queryStudies, retrieveStudy, type QueriedStudy } from './query-retrieve.js';
import { echo, sendTo } from './send.js';
import { commitStorage, type StorageCommitment } from './storage-commitment.js';

export type {
  InstanceArrival,
  OrthancChange,
  OrthancChanges,
  OrthancInstance,
  OrthancPatient,
  OrthancSeries,
  OrthancStudy,
  OrthancSystem,
  ResourceType,
} from './responses.js';
export type { OrthancId } from './orthanc-id.js';

/** Resources in one request for their studies. */
const bulkSize = 500;

/** Higher than any number of a change; both Orthanc and JavaScript represent it exactly. */
const beyondAllChanges = 1_000_000_000_000_000;

/**
 * Orthanc's own REST API, as far as DICOMweb does not reach: the change feed, stability, the origin of an instance, destinations.
 * Every method throws a Fault: pacs-unreachable, pacs-unauthorized, pacs-not-found, pacs-error, pacs-malformed, timed-out.
 */
export class OrthancClient {
  private readonly http: HttpExchange;

  constructor(endpoint: HttpEndpoint) {
    this.http = new HttpExchange(endpoint);
  }

  /** Without credentials, for messages. */
  get url(): string {
    return this.http.url;
  }

  close(): void {
    this.http.close();
  }

  async system(): Promise<OrthancSystem> {
    return this.get(['system'], systemResponse);
  }

  /**
   * What happened after change number `since`. In an empty answer `last` is the highest number ever given, so below `since`
   * the database is another one (tried on 1.10.1).
   */
  async changes(since: number, limit: number): Promise<OrthancChanges> {
    return this.get(['changes'], changesResponse, { since, limit });
  }

  /**
   * The highest number that a change ever had; 0 in a new database. `/changes?last` does not tell it: the lines of a deleted
   * resource go with it, so that number falls.
   */
  async lastChange(): Promise<number> {
    const { last } = await this.changes(beyondAllChanges, 1);
    return last < beyondAllChanges ? last : (await this.get(['changes'], changesResponse, { last: true })).last;
  }

  async study(id: OrthancId): Promise<OrthancStudy> {
    return this.get(['studies', orthancId(id)], studyResponse);
  }

  /** Number of studies. */
  async countStudies(): Promise<number> {
    return (await this.get(['statistics'], statisticsResponse)).CountStudies;
  }

  /** Studies in the order in which Orthanc lists them; unlike a search this knows no LimitFindResults. */
  async listStudies(since: number, limit: number): Promise<readonly ListedStudy[]> {
    return this.get(['studies'], listedStudiesResponse, { since, limit, expand: true });
  }

  /** The series of a study with their present instances. */
  async seriesOf(id: OrthancId): Promise<readonly OrthancSeries[]> {
    return this.get(['studies', orthancId(id), 'series'], seriesResponse);
  }

  /** The series of many studies in one answer. Studies that are gone are left out. */
  async seriesOfStudies(ids: readonly OrthancId[]): Promise<readonly OrthancSeries[]> {
    const body = JSON.stringify({ Resources: ids, Level: 'Series', Metadata: false });
    return this.post(['tools', 'bulk-content'], body, seriesResponse);
  }

  /** The instances of a study with the names of their files. */
  async instancesOf(id: OrthancId): Promise<readonly OrthancInstance[]> {
    return this.get(['studies', orthancId(id), 'instances'], instancesResponse);
  }

  /** MD5 of an instance's file; undefined where Orthanc keeps none (StoreMD5ForAttachments false). */
  async md5Of(instanceId: OrthancId): Promise<string | undefined> {
    const reply = await this.http.exchange({ path: pacsAddress(['instances', orthancId(instanceId), 'attachments', 'dicom', 'md5']) });
    const text = reply.body.toString('latin1').trim();
    if (reply.status === 200) return /^[0-9a-f]{32}$/.test(text) ? text : undefined;
    if (reply.status === 404) return undefined;
    throw faultOfStatus(reply.status, '', { source: '/instances/…/attachments/dicom/md5' });
  }

  /**
   * The study of that UID, or undefined. Orthanc keeps one study per PatientID *and* UID, so there can be two
   * where a patient was renamed; `findStudies` gives them all.
   */
  async findStudy(studyInstanceUID: StudyInstanceUID): Promise<OrthancId | undefined> {
    return (await this.findStudies(studyInstanceUID))[0];
  }

  async findStudies(studyInstanceUID: StudyInstanceUID): Promise<readonly OrthancId[]> {
    return this.lookup(studyInstanceUID, 'Study', { studyInstanceUID });
  }

  /**
   * The patient of this Patient ID by the name that Orthanc derives from it, and patients whose ID differs by case or by letters that are
   * not ASCII, which a lookup ignores (tried on 1.10.1). Unlike a search this knows neither wildcards nor LimitFindResults; a lookup refuses
   * characters that a search takes for wildcards, then only the patient itself is found.
   */
  async findPatients(patientId: string): Promise<readonly OrthancPatient[]> {
    const similar = /[*?]/.test(patientId) ? [] : await this.post(['tools', 'lookup'], patientId, lookupResponse);
    const ids = new Set([orthancIdOfPatient(patientId), ...similar.filter((one) => one.Type === 'Patient').map((one) => one.ID)]);
    const found = await Promise.all([...ids].map((id) => this.get(['patients', orthancId(id)], patientResponse).catch(unlessNotFound)));
    return found.filter((one) => one !== undefined);
  }

  /** The studies of any mixture of studies, series and instances, each once. Resources deleted meanwhile are left out. */
  async studiesOf(resources: readonly { readonly level: ResourceType; readonly id: OrthancId }[]): Promise<readonly OrthancStudy[]> {
    const ids = [...new Set(resources.filter(({ level }) => level !== 'Patient').map(({ id }) => id))];
    const found = new Map<OrthancId, OrthancStudy>();
    for (let from = 0; from < ids.length; from += bulkSize) {
      const body = JSON.stringify({ Resources: ids.slice(from, from + bulkSize), Level: 'Study', Metadata: false });
      for (const study of await this.post(['tools', 'bulk-content'], body, studiesResponse)) found.set(study.id, study);
    }
    return [...found.values()];
  }

  /** Orthanc's ids of the instances that are there; those that are not are left out. */
  async instanceIdsOf(sopInstanceUIDs: readonly SOPInstanceUID[]): Promise<readonly OrthancId[]> {
    const found = await Promise.all(sopInstanceUIDs.map((sopInstanceUID) => this.lookup(sopInstanceUID, 'Instance', { sopInstanceUID })));
    return found.flat();
  }

  async arrivalOf(instanceId: OrthancId): Promise<InstanceArrival> {
    return this.get(['instances', orthancId(instanceId), 'metadata'], arrivalResponse, { expand: true });
  }

  /** Names under DicomModalities. */
  async modalities(): Promise<readonly string[]> {
    return this.get(['modalities'], namesResponse);
  }

  /** AE titles of the modalities. */
  async modalityTitles(): Promise<readonly { readonly name: string; readonly aet: string }[]> {
    return this.get(['modalities'], titlesResponse, { expand: true });
  }

  /** Names under OrthancPeers. */
  async peers(): Promise<readonly string[]> {
    return this.get(['peers'], namesResponse);
  }

  /** C-STORE of the resources to a configured modality; returns when it has taken them all. @throws Fault destination-unavailable, destination-unknown */
  async sendToModality(name: string, ids: readonly OrthancId[], options: { timeoutMs?: number } = {}): Promise<void> {
    await sendTo(this.http, { kind: 'modality', name, names: () => this.modalities() }, ids, options.timeoutMs);
  }

  /** A modality answers for instances that it was sent, see storage-commitment.ts. */
  async commitStorage(
    modality: string,
    ids: readonly OrthancId[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<StorageCommitment> {
    return commitStorage(this.http, modality, ids, options);
  }

  /** C-FIND at a configured modality, see query-retrieve.ts. @param studyDate YYYYMMDD */
  async queryStudies(modality: string, studyDate: string): Promise<readonly QueriedStudy[]> {
    return queryStudies(this.http, { name: modality, names: () => this.modalities() }, studyDate);
  }

  /** C-MOVE of a study from a configured modality, see query-retrieve.ts. */
  async retrieveStudy(modality: string, given: Parameters<typeof retrieveStudy>[2]): Promise<void> {
    return retrieveStudy(this.http, { name: modality, names: () => this.modalities() }, given);
  }

  /** Number of instances of a study, of all patients under whose ID it is stored; 0 if it is not there. */
  async countInstances(studyInstanceUID: StudyInstanceUID): Promise<number> {
    const counts = (await this.findStudies(studyInstanceUID)).map((id) =>
      this.get(['studies', orthancId(id), 'statistics'], studyStatisticsResponse).catch(unlessNotFound),
    );
    return (await Promise.all(counts)).reduce((sum, one) => sum + (one?.CountInstances ?? 0), 0);
  }

  /** C-ECHO to a configured modality. @throws Fault destination-unavailable, destination-unknown */
  async echo(name: string): Promise<void> {
    await echo(this.http, { name, names: () => this.modalities() });
  }

  /** The same to another Orthanc. */
  async sendToPeer(name: string, ids: readonly OrthancId[], options: { timeoutMs?: number } = {}): Promise<void> {
    await sendTo(this.http, { kind: 'peer', name, names: () => this.peers() }, ids, options.timeoutMs);
  }

  /** Orthanc's clock; it answers in UTC. */
  async clock(): Promise<Date> {
    const text = (await this.request({ path: pacsAddress(['tools', 'now']) })).body.toString('latin1').trim();
    const [, year, month, day, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})$/.exec(text) ?? [];
    if (second === undefined) throw new Fault('pacs-malformed', 'unexpected time', { source: '/tools/now' });
    return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  }

  async plugins(): Promise<readonly string[]> {
    return this.get(['plugins'], namesResponse);
  }

  /** Version and root path (as a rule /dicom-web) of the DICOMweb plugin, or undefined if it is not loaded. */
  async dicomWebPlugin(): Promise<{ readonly version: string } | undefined> {
    if (!(await this.plugins()).includes('dicom-web')) return undefined;
    return { version: (await this.get(['plugins', 'dicom-web'], pluginResponse)).Version };
  }

  /** This Orthanc's version if it has no labels (before 1.12.0), else undefined. */
  async versionWithoutLabels(): Promise<string | undefined> {
    const { version } = await this.system();
    return hasLabels(version) ? undefined : version;
  }

  /** Labels in use (1.12.0 and later); undefined where this Orthanc has none. */
  async labels(): Promise<readonly string[] | undefined> {
    if ((await this.versionWithoutLabels()) !== undefined) return undefined;
    return this.get(['tools', 'labels'], namesResponse);
  }

  /** The studies that carry a label. */
  async studiesLabelled(label: string): Promise<readonly OrthancStudy[]> {
    const body = JSON.stringify({ Level: 'Study', Query: {}, Labels: [label], LabelsConstraint: 'Any', Expand: true });
    return this.post(['tools', 'find'], body, studiesResponse);
  }

  /** All labels of these studies by id, in one answer. Studies that are gone are left out. */
  async labelsOfStudies(ids: readonly OrthancId[]): Promise<ReadonlyMap<OrthancId, readonly string[]>> {
    const body = JSON.stringify({ Resources: ids, Level: 'Study', Metadata: false });
    return new Map((await this.post(['tools', 'bulk-content'], body, labelledResponse)).map(({ id, labels }) => [id, labels]));
  }

  /** @throws Fault `pacs-error` that no retry helps for a label of other characters than letters, digits, _ and -, or of more than 64 */
  async setLabel(id: OrthancId, label: string): Promise<void> {
    await this.request({ method: 'PUT', path: pacsAddress(['studies', orthancId(id), 'labels', label]), body: '' });
  }

  /** A label that the study does not carry is no fault. */
  async removeLabel(id: OrthancId, label: string): Promise<void> {
    await this.request({ method: 'DELETE', path: pacsAddress(['studies', orthancId(id), 'labels', label]) });
  }

  /** Removes one instance, and its study if it was the only one. */
  async deleteInstance(id: OrthancId): Promise<void> {
    await this.request({ method: 'DELETE', path: pacsAddress(['instances', orthancId(id)]) });
  }

  /** Removes a study with all that is in it. */
  async deleteStudy(id: OrthancId): Promise<void> {
    await this.request({ method: 'DELETE', path: pacsAddress(['studies', orthancId(id)]) });
  }

  private async lookup(uid: string, type: string, subject: FaultSubject): Promise<readonly OrthancId[]> {
    if (!isUsableUid(uid))
      throw new Fault(
        'dicom-attribute',
        'expected a UID of letters, digits and points (at most 128), found another: no request to the PACS can name it',
        subject,
      );
    const found = await this.post(['tools', 'lookup'], uid, lookupResponse, subject);
    return found.filter((one) => one.Type === type).map((one) => one.ID);
  }

  private async get<T>(segments: readonly string[], shape: z.ZodType<T>, query: AddressQuery = {}): Promise<T> {
    const path = pacsAddress(segments, query);
    return readResponse(await this.request({ path }), shape, path);
  }

  /** Queries that Orthanc takes by POST; none of them changes anything. */
  private async post<T>(
    segments: readonly ['tools', 'lookup' | 'bulk-content' | 'find'],
    body: string,
    shape: z.ZodType<T>,
    subject: FaultSubject = {},
  ): Promise<T> {
    const path = pacsAddress(segments);
    return readResponse(await this.request({ method: 'POST', path, body, subject }), shape, path);
  }

  private async request(request: HttpRequest): Promise<HttpReply> {
    const reply = await this.http.exchange(request);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw faultOfStatus(reply.status, '', { source: request.path.split('?')[0]!, ...request.subject });
  }
}

function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof Fault && error.code === 'pacs-not-found')) throw error;
}

function readResponse<T>(reply: HttpReply, shape: z.ZodType<T>, path: string): T {
  const source = path.split('?')[0]!;
  const result = shape.safeParse(jsonOf(reply, { source }));
  if (result.success) return result.data;
  // Paths of the issues only: their texts could quote a value.
  const where = result.error.issues.map((issue) => issue.path.join('.') || '(whole answer)').slice(0, 3);
  throw new Fault('pacs-malformed', `unexpected at ${where.join(', ')}: is this Orthanc?`, { source });
}
