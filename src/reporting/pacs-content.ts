import type { SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient, OrthancInstance } from '../orthanc/client.js';
import type { PacsContent } from './ports.js';

/** Digests in the cache; a file of one name never changes. */
const maxCached = 20_000;

/** The files that Orthanc contains of a study, by its REST API. */
export function pacsContentOf(
  orthanc: Pick<OrthancClient, 'findStudies' | 'instancesOf' | 'md5Of' | 'instanceIdsOf' | 'deleteInstance'>,
): PacsContent {
  const cached = new Map<string, string>();

  async function instancesOf(study: StudyInstanceUID): Promise<readonly OrthancInstance[]> {
    const studies = await orthanc.findStudies(study);
    return (await Promise.all(studies.map((id) => orthanc.instancesOf(id).catch(noneIfDeleted)))).flat();
  }

  /** The MD5 that Orthanc stores, or the name of the file if it stores none. */
  async function digestOf({ id, fileUuid }: OrthancInstance): Promise<string> {
    const known = cached.get(fileUuid);
    if (known !== undefined) return known;
    const digest = (await orthanc.md5Of(id)) ?? fileUuid;
    if (cached.size >= maxCached) cached.delete(cached.keys().next().value!);
    if (fileUuid !== '') cached.set(fileUuid, digest);
    return digest;
  }

  return {
    async storedFiles(study) {
      return new Map((await instancesOf(study)).map(({ sopInstanceUID, fileUuid }) => [sopInstanceUID, fileUuid]));
    },

    async digestsOf(study, instances) {
      const wanted = new Set(instances);
      const found = (await instancesOf(study)).filter(({ sopInstanceUID }) => wanted.has(sopInstanceUID));
      return new Map(await Promise.all(found.map(async (one) => [one.sopInstanceUID, await digestOf(one)] as const)));
    },

    async removeDocuments(documents) {
      for (const id of await orthanc.instanceIdsOf(documents.map((one) => one.sopInstanceUID as SOPInstanceUID)))
        await orthanc.deleteInstance(id).catch(unlessDeleted);
    },
  };
}

/** Names of files by Orthanc's own ids of instances. */
export function fileNames(instances: readonly OrthancInstance[]): ReadonlyMap<string, string> {
  return new Map(instances.map(({ id, fileUuid }) => [id, fileUuid]));
}

function unlessDeleted(error: unknown): void {
  if (!(error instanceof Fault && error.code === 'pacs-not-found')) throw error;
}

/** The study was deleted between two requests. */
function noneIfDeleted(error: unknown): readonly OrthancInstance[] {
  if (error instanceof Fault && error.code === 'pacs-not-found') return [];
  throw error;
}
