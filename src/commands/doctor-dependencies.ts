import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.js';
import { makeFolder } from '../lib/make-folder.js';
import { certificateReader, certificateSources } from '../monitoring/certificates.js';
import type { PacsCheck } from '../monitoring/pacs-checks.js';

const minFreeBytes = 2e9;
const soonDays = 30;
const dayMs = 86_400_000;

/** `f_type` of statfs(2): file systems of other machines. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

/** @param type `f_type` of statfs(2) @returns undefined for a file system of this machine */
export function networkFileSystem(type: number): string | undefined {
  return networkFileSystems.get(type >>> 0);
}

/** Space, writing, and where the folder really is: locks and fsync of a network file system are not those that the embedded database needs. */
export async function examineDataDir({ dataDir, database }: Config): Promise<readonly PacsCheck[]> {
  const problem = await writeProblem(dataDir);
  const space = await statfs(dataDir).catch(() => undefined);
  if (!space || problem !== undefined)
    return [
      {
        name: 'disk',
        state: 'bad',
        detail: problem === undefined ? `${dataDir} cannot be used` : `nothing can be written to ${dataDir} (${problem})`,
        fix: 'mount it with write access for the account of the service, or set DATA_DIR',
      },
    ];
  const free = space.bavail * space.bsize;
  const enough = free >= minFreeBytes;
  const disk: PacsCheck = {
    name: 'disk',
    state: enough ? 'good' : 'bad',
    detail: `${(free / 1e9).toFixed(1)} GB free in ${dataDir}`,
    fix: enough ? '' : 'free at least 2 GB there, or set DATA_DIR',
  };
  const remote = networkFileSystem(space.type);
  if (remote === undefined) return [disk];
  const isEmbedded = database.url === undefined;
  return [
    disk,
    {
      name: 'file system',
      state: isEmbedded ? 'bad' : 'note',
      detail: `DATA_DIR is on ${remote}${isEmbedded ? ', where the embedded database can be damaged' : ': uploads and caches are slower'}`,
      fix: isEmbedded
        ? 'set DATA_DIR to a disk of this machine, or use PostgreSQL (DATABASE_URL)'
        : 'set DATA_DIR to a disk of this machine',
    },
  ];
}

/** @returns code of the system, such as EROFS */
async function writeProblem(folder: string): Promise<string | undefined> {
  const file = join(folder, `.doctor-${randomUUID()}`);
  try {
    makeFolder(folder);
    await writeFile(file, '', { mode: 0o600 });
    await rm(file);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

/** Certificates that the settings use. What does not answer is told by the check of its connection. */
export async function examineCertificates(config: Config, now = Date.now()): Promise<readonly PacsCheck[]> {
  const certificates = await certificateReader(certificateSources(config))();
  return certificates.flatMap(({ use, source, expiresAt }): PacsCheck[] => {
    if (expiresAt === undefined) return [];
    const days = Math.floor((expiresAt.getTime() - now) / dayMs);
    const state = days < 0 ? 'bad' : days < soonDays ? 'note' : 'good';
    return [
      {
        name: `certificate ${use}`,
        state,
        detail: `${source}: ${days < 0 ? 'ended' : 'ends'} on ${expiresAt.toISOString().slice(0, 10)}`,
        fix: state === 'good' ? '' : 'renew it where TLS ends, then run doctor again',
      },
    ];
  });
}

/** The oldest Orthanc that is tested. */
const minOrthanc = [1, 10] as const;

/** @param version as Orthanc states it; `mainline` and other names are builds of today */
export function isTooOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return false;
  return Number(major) < minOrthanc[0] || (Number(major) === minOrthanc[0] && Number(minor) < minOrthanc[1]);
}

/** Two systems with one AE title: the other side cannot tell them apart, and C-MOVE may send to the wrong one. */
export function sharedTitles(own: string, modalities: readonly { readonly name: string; readonly aet: string }[]): readonly string[] {
  return [...new Set(modalities.map((one) => one.aet))].flatMap((aet) => {
    const named = modalities.filter((one) => one.aet === aet).map((one) => one.name);
    const names = [...(aet === own ? ['this Orthanc'] : []), ...named];
    return names.length > 1 ? [`${aet} (${names.join(', ')})`] : [];
  });
}
