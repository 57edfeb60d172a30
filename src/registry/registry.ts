import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import { appendAlias, readAliases, readAliasLog, type AliasState } from './alias-log.js';
import { syncDirectory, unfinishedPrefix, writeNewFile } from '../atomic-write.js';
import { filesOfCandidate, type Candidate, type VersionFiles } from './candidate.js';
import { listChangeRecords, newestNight, readChangeRecord, writeChangeRecord, type ChangeRecord } from './change-record.js';
import { modelIdentity } from './model-identity.js';
import { loadModelVersion, type ModelVersion } from './model-version.js';

/** Who changes an alias, when and why. */
export interface AliasReason {
  readonly by: string;
  readonly why: string;
  readonly at: Date;
  readonly changeRecord?: string;
}

/**
 * The model versions on disk. A version is a folder named by its content, written once and never changed; which one serves
 * stands in the alias log.
 *
 *     models/versions/3f2a91c0d4e7/   model.json, *.safetensors, CARD.md, lineage.json, metrics.json, reference.json
 *     models/aliases/00000007.json    champion and challenger
 *     models/changes/                 change records
 */
export interface Registry {
  readonly directory: string;
  /** Whole versions, newest first; what is being written is not among them. */
  versions(): Promise<readonly string[]>;
  /** @throws Fault 'model-unknown', or 'model-invalid' if it is damaged */
  load(version: string): Promise<ModelVersion>;
  /** Writes a version; the same content again is the same version, and nothing happens. */
  add(candidate: Candidate): Promise<ModelVersion>;
  /** Takes a model's folder from elsewhere, after checking all of it. */
  importFolder(source: string): Promise<ModelVersion>;
  aliases(): Promise<AliasState | undefined>;
  /** Changes of aliases, oldest first. */
  history(): Promise<readonly AliasState[]>;
  /** The first model in service, or (as long as none was promoted) another in its place. */
  putFirst(version: string, reason: AliasReason): Promise<AliasState>;
  /** @param version null takes the challenger away */
  challenge(version: string | null, reason: AliasReason): Promise<AliasState>;
  /**
   * Makes a version the champion. The gate is asked before, by the caller.
   *
   * @param expectedChampion promotes only if this one still serves: the gate compared with it
   */
  promote(version: string, reason: AliasReason, expectedChampion?: string): Promise<AliasState>;
  /** Back to the champion before the present one. */
  rollback(reason: AliasReason): Promise<AliasState>;
  recordChange(record: ChangeRecord): Promise<void>;
  /** Ids of change records, newest first. */
  changes(): Promise<readonly string[]>;
  /** @throws Fault 'model-unknown' */
  change(id: string): Promise<ChangeRecord>;
  /** What came of the last night. */
  lastNight(): Promise<ChangeRecord | undefined>;
  /** Where a rollback leads. */
  formerChampion(): Promise<string | undefined>;
}

/** @param directory DATA_DIR/models; made when something is written */
export function openRegistry(directory: string): Registry {
  const versionsIn = join(directory, 'versions');
  const aliasesIn = join(directory, 'aliases');
  const changesIn = join(directory, 'changes');
  const folderOf = (version: string): string => join(versionsIn, version);

  const load = async (version: string): Promise<ModelVersion> => {
    if (!versionName.test(version) || !(await exists(folderOf(version)))) throw new Fault('model-unknown', `expected a version that \`models list\` shows, found ${version}`, { source: versionsIn });
    const model = await loadModelVersion(folderOf(version));
    if (model.version !== version) throw new Fault('model-invalid', `expected the content of version ${version}, found that of ${model.version}`, { source: model.directory });
    return model;
  };
  /** The folder is made whole beside the others, checked by reading it as it will be served, and then gets its name. */
  const write = async (version: string, files: VersionFiles): Promise<ModelVersion> => {
    if (await exists(folderOf(version))) return load(version);
    await mkdir(versionsIn, { recursive: true });
    await removeLeftovers(versionsIn);
    const unfinished = join(versionsIn, `${unfinishedPrefix}${version}-${randomUUID()}`);
    try {
      await mkdir(unfinished);
      for (const [name, content] of files) await writeNewFile(join(unfinished, name), content);
      await syncDirectory(unfinished);
      const model = await loadModelVersion(unfinished);
      if (model.version !== version) throw new Error(`version ${version} was written and ${model.version} read`);
      await rename(unfinished, folderOf(version)).catch((error: unknown) => {
        // Another process wrote the same content at the same time.
        if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      });
      await syncDirectory(versionsIn);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return load(version);
  };
  const change = async (reason: AliasReason, decide: (seen: AliasState | undefined) => Pick<AliasState, 'action' | 'champion' | 'challenger'>): Promise<AliasState> => {
    const seen = await readAliases(aliasesIn);
    const { by, why, at, changeRecord } = reason;
    return appendAlias(aliasesIn, seen, { ...decide(seen), previous: seen?.champion ?? null, by, why, at: at.toISOString(), ...(changeRecord ? { changeRecord } : {}) });
  };
  return {
    directory,
    async versions() {
      const names = (await readdir(versionsIn).catch(() => [])).filter((name) => versionName.test(name));
      const written = await Promise.all(names.map(async (name) => ({ name, at: (await stat(folderOf(name))).mtimeMs })));
      return written.sort((one, other) => other.at - one.at || (one.name < other.name ? -1 : 1)).map(({ name }) => name);
    },
    load,
    async add(candidate) {
      const { file, files } = filesOfCandidate(candidate);
      return write(modelIdentity(file).version, files);
    },
    async importFolder(source) {
      const model = await loadModelVersion(source);
      return write(model.version, await versionFilesIn(source, model));
    },
    aliases: () => readAliases(aliasesIn),
    history: () => readAliasLog(aliasesIn),
    async putFirst(version, reason) {
      await load(version);
      if ((await readAliasLog(aliasesIn)).some(({ action }) => action === 'promote')) throw new Fault('request-invalid', `a version was promoted already; promote ${version} to put it in service`);
      return change(reason, () => ({ action: 'first', champion: version, challenger: null }));
    },
    async challenge(version, reason) {
      if (version !== null) await load(version);
      return change(reason, (seen) => {
        if (!seen) throw new Fault('request-invalid', 'there is no champion to challenge');
        if (version === seen.champion) throw new Fault('request-invalid', `${version} is the champion`);
        return { action: 'challenge', champion: seen.champion, challenger: version };
      });
    },
    async promote(version, reason, expectedChampion) {
      await load(version);
      return change(reason, (seen) => {
        if (expectedChampion !== undefined && seen?.champion !== expectedChampion) throw new Fault('aliases-changed', `expected the champion ${expectedChampion}, found ${seen?.champion ?? 'none'}: the comparison does not hold any more`);
        if (version === seen?.champion) throw new Fault('request-invalid', `${version} is the champion already`);
        return { action: 'promote', champion: version, challenger: seen?.challenger === version ? null : (seen?.challenger ?? null) };
      });
    },
    async rollback(reason) {
      const target = formerChampion(await readAliasLog(aliasesIn));
      if (target === undefined) throw new Fault('request-invalid', 'there is no champion before the present one');
      await load(target);
      return change(reason, (seen) => ({ action: 'rollback', champion: target, challenger: seen?.challenger === target ? null : (seen?.challenger ?? null) }));
    },
    recordChange: (record) => writeChangeRecord(changesIn, record),
    changes: () => listChangeRecords(changesIn),
    change: (id) => readChangeRecord(changesIn, id),
    lastNight: () => newestNight(changesIn),
    formerChampion: async () => formerChampion(await readAliasLog(aliasesIn)),
  };
}

const leftoverMs = 3_600_000;
const versionName = /^[0-9a-f]{12}$/;

/** Walks the history as a stack: a promotion adds, a rollback takes away, so that two rollbacks go two steps back. */
function formerChampion(history: readonly AliasState[]): string | undefined {
  const stack: string[] = [];
  for (const { action, champion } of history) {
    if (action === 'rollback') stack.pop();
    else if (action !== 'challenge') stack.push(champion);
  }
  return stack.at(-2);
}

/** Only files that a version has: whatever else lies in the folder stays outside. */
async function versionFilesIn(source: string, { file }: ModelVersion): Promise<VersionFiles> {
  const wanted = ['model.json', 'CARD.md', 'lineage.json', 'metrics.json', 'reference.json', ...Object.values(file.networks).flatMap((network) => (network ? [network.weights] : []))];
  const files = new Map<string, Uint8Array>();
  for (const name of wanted) {
    const content = await readFile(join(source, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (content) files.set(name, content);
  }
  return files;
}

/** What a killed process left half-written; younger ones may still be in the making. */
async function removeLeftovers(versionsIn: string): Promise<void> {
  for (const name of (await readdir(versionsIn)).filter((one) => one.startsWith(unfinishedPrefix))) {
    const path = join(versionsIn, name);
    const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0);
    if (age > leftoverMs) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
