import type { SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient, OrthancInstance } from '../orthanc/client.js';
import type { PacsContent } from './ports.js';

/** So many digests are remembered; a file of one name never changes. */
const maxRemembered = 20_000;

/** Which files Orthanc holds of a study, by its own interface. */
export function pacsContentOf(
  orthanc: Pick<OrthancClient, 'findStudies' | 'instancesOf' | 'md5Of' | 'instanceIdsOf' | 'deleteInstance'>,
): PacsContent {
  const remembered = new Map<string, string>();

  async function instancesOf(study: StudyInstanceUID): Promise<readonly OrthancInstance[]> {
    const studies = await orthanc.findStudies(study);
    return (await Promise.all(studies.map((id) => orthanc.instancesOf(id).catch(noneWhereGone)))).flat();
  }

  /** The MD5 that Orthanc keeps, else the name of the file. */
  async function digestOf({ id, fileUuid }: OrthancInstance): Promise<string> {
    const known = remembered.get(fileUuid);
    if (known !== undefined) return known;
    const digest = (await orthanc.md5Of(id)) ?? fileUuid;
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!);
    if (fileUuid !== '') remembered.set(fileUuid, digest);
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
        await orthanc.deleteInstance(id);
    },
  };
}

/** Names of files by Orthanc's own ids of instances. */
export function fileNames(instances: readonly OrthancInstance[]): ReadonlyMap<string, string> {
  return new Map(instances.map(({ id, fileUuid }) => [id, fileUuid]));
}

/** Deleted between two questions. */
function noneWhereGone(error: unknown): readonly OrthancInstance[] {
  if (error instanceof Fault && error.code === 'pacs-not-found') return [];
  throw error;
}
