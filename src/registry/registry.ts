import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import { bestVersions } from './best-versions.js';
import { aliasFiles, championStack, type AliasState } from './alias-log.js';
import { filesOfCandidate, type Candidate, type VersionFiles } from './candidate.js';
import { changeFiles, changeRecordSchema, type ChangeRecord, type UnreadableChange } from './change-record.js';
import { modelIdentity } from './model-identity.js';
import { loadModelVersion, type ModelVersion } from './model-version.js';
import { sharedAliases, sharedChanges, type SharedRegistry } from './shared-registry.js';
import { exists, refuseLinks, versionFilesIn, writeVersionFolder } from './version-folder.js';

/** Who changes an alias, when and why; stored in the history. */
export interface AliasReason {
  readonly by: string;
  readonly why: string;
  readonly at: Date;
  readonly changeRecord?: string;
}

/**
 * The model versions of one line. A version is a folder named by its content, written once and never changed; which one serves stands in the
 * alias log.
 *
 *     models/versions/3f2a91c0d4e7/   model.json, *.safetensors, CARD.md, lineage.json, metrics.json, reference.json
 *     models/aliases/00000007.json    champion and challenger
 *     models/changes/                 change records
 *
 * Where several processes share a database, aliases, change records and the files of versions are in it, and the folder contains what
 * this process has read or made: a version that is missing in the folder is taken from the database.
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
  /** Makes a version of this folder known to the other processes on the same database, if there is one. */
  share(version: string): Promise<void>;
  aliases(): Promise<AliasState | undefined>;
  /** Changes of aliases, oldest first. */
  history(): Promise<readonly AliasState[]>;
  /** Sets the first champion, or replaces it as long as no version was promoted. */
  putFirst(version: string, reason: AliasReason): Promise<AliasState>;
  /** @param version null takes the challenger away */
  challenge(version: string | null, reason: AliasReason): Promise<AliasState>;
  /**
   * Makes a version the champion. The caller checks the gate before.
   *
   * @param expectedChampion promotes only if this one still serves: the gate compared with it
   */
  promote(version: string, reason: AliasReason, expectedChampion?: string): Promise<AliasState>;
  /** Back to the champion before the present one. @throws Fault 'aliases-changed' if another change came in between */
  rollback(reason: AliasReason): Promise<AliasState>;
  recordChange(record: ChangeRecord): Promise<void>;
  /** Ids of change records that can be read, newest first. */
  changes(): Promise<readonly string[]>;
  /** Change records that cannot be read, with the reason. */
  unreadableChanges(): Promise<readonly UnreadableChange[]>;
  /** @throws Fault 'model-unknown' */
  change(id: string): Promise<ChangeRecord>;
  /** The change record of the last retraining run. */
  lastRun(): Promise<ChangeRecord | undefined>;
  /** The version that a rollback would make champion. */
  formerChampion(): Promise<string | undefined>;
}

/** DATA_DIR/models; of another model line `lines/NAME` below it. */
export function registryFolder({ dataDir }: { readonly dataDir: string }, line: string = defaultLine): string {
  return line === defaultLine ? join(dataDir, 'models') : join(dataDir, 'models', 'lines', line);
}

/**
 * @param directory registryFolder; made when something is written
 * @param shared what several processes share; without it this folder is the whole registry
 */
export function openRegistry(directory: string, shared?: SharedRegistry): Registry {
  const versionsIn = join(directory, 'versions');
  const aliasLog = shared ? sharedAliases(shared) : aliasFiles(join(directory, 'aliases'));
  const records = shared ? sharedChanges(shared) : changeFiles(join(directory, 'changes'));
  const folderOf = (version: string): string => join(versionsIn, version);

  const load = async (version: string): Promise<ModelVersion> => {
    if (!versionName.test(version) || !((await exists(folderOf(version))) || (await fetchShared(version)))) {
      throw new Fault(
        'model-unknown',
        `expected a version that \`models list\` shows, found ${version}${shared ? ', which is neither in this folder nor in the database' : ''}`,
        { source: versionsIn },
      );
    }
    const model = await loadModelVersion(folderOf(version));
    if (model.version !== version)
      throw new Fault('model-invalid', `expected the content of version ${version}, found that of ${model.version}`, {
        source: model.directory,
      });
    return model;
  };
  const fetchShared = async (version: string): Promise<boolean> => {
    const files = await shared?.version(version);
    if (!files) return false;
    await writeVersionFolder(versionsIn, version, files);
    return true;
  };
  const gateHistory = {
    history: () => aliasLog.all(),
    changes: async () => (await records.list()).ids,
    change: (id: string) => records.read(id),
  };
  const share = async (version: string): Promise<void> => {
    if (!shared || (await shared.versions()).includes(version)) return;
    const model = await load(version);
    await shared.writeVersion(version, await versionFilesIn(model.directory, model));
    const history = await aliasLog.all();
    const needed = [
      history.at(-1)?.champion,
      history.at(-1)?.challenger,
      ...championStack(history)
        .slice(-keptChampions)
        .map((one) => one.version),
      ...(await bestVersions(gateHistory)),
      version,
    ];
    await shared.removeOldVersions(
      keptVersions,
      needed.filter((one) => typeof one === 'string'),
    );
  };
  const write = async (version: string, files: VersionFiles): Promise<ModelVersion> => {
    if (!(await exists(folderOf(version)))) await writeVersionFolder(versionsIn, version, files);
    const model = await load(version);
    await share(version);
    return model;
  };
  /** Refused by the log if `seen` is no longer the last state. */
  const append = (
    { by, why, at, changeRecord }: AliasReason,
    seen: AliasState | undefined,
    decision: Pick<AliasState, 'action' | 'champion' | 'challenger'>,
  ): Promise<AliasState> =>
    aliasLog.append(seen, {
      ...decision,
      previous: seen?.champion ?? null,
      by,
      why,
      at: at.toISOString(),
      ...(changeRecord ? { changeRecord } : {}),
    });
  const loadToServe = async (version: string): Promise<void> => {
    await load(version);
    await share(version);
  };
  return {
    directory,
    async versions() {
      const names = (await readdir(versionsIn).catch(() => [])).filter((name) => versionName.test(name));
      const written = await Promise.all(names.map(async (name) => ({ name, at: (await stat(folderOf(name))).mtimeMs })));
      const here = written.sort((one, other) => other.at - one.at || (one.name < other.name ? -1 : 1)).map(({ name }) => name);
      return [...new Set([...((await shared?.versions()) ?? []), ...here])];
    },
    load,
    async add(candidate) {
      const { file, files } = filesOfCandidate(candidate);
      return write(modelIdentity(file).version, files);
    },
    async importFolder(source) {
      await refuseLinks(source);
      const model = await loadModelVersion(source);
      return write(model.version, await versionFilesIn(source, model));
    },
    share,
    aliases: () => aliasLog.last(),
    history: gateHistory.history,
    async putFirst(version, reason) {
      await loadToServe(version);
      const history = await aliasLog.all();
      if (history.some(({ action }) => action === 'promote'))
        throw new Fault('request-invalid', `a version was promoted already; use \`models promote ${version}\``);
      return append(reason, history.at(-1), { action: 'first', champion: version, challenger: null });
    },
    async challenge(version, reason) {
      if (version !== null) await loadToServe(version);
      const seen = await aliasLog.last();
      if (!seen) throw new Fault('request-invalid', 'there is no champion to challenge');
      if (version === seen.champion) throw new Fault('request-invalid', `${version} is the champion`);
      return append(reason, seen, { action: 'challenge', champion: seen.champion, challenger: version });
    },
    async promote(version, reason, expectedChampion) {
      await loadToServe(version);
      const seen = await aliasLog.last();
      if (expectedChampion !== undefined && seen?.champion !== expectedChampion)
        throw new Fault(
          'aliases-changed',
          `expected the champion ${expectedChampion}, found ${seen?.champion ?? 'none'}: the comparison is out of date`,
        );
      if (version === seen?.champion) throw new Fault('request-invalid', `${version} is the champion already`);
      return append(reason, seen, {
        action: 'promote',
        champion: version,
        challenger: seen?.challenger === version ? null : (seen?.challenger ?? null),
      });
    },
    async rollback(reason) {
      // The target follows from the same history that the change is appended to: a promotion in between makes the append fail.
      const history = await aliasLog.all();
      const target = championStack(history).at(-2)?.version;
      if (target === undefined) throw new Fault('request-invalid', 'there is no champion before the present one');
      await loadToServe(target);
      const seen = history.at(-1);
      return append(reason, seen, {
        action: 'rollback',
        champion: target,
        challenger: seen?.challenger === target ? null : (seen?.challenger ?? null),
      });
    },
    recordChange: (record) => records.write(changeRecordSchema.parse(record)),
    changes: gateHistory.changes,
    unreadableChanges: async () => (await records.list()).unreadable,
    change: gateHistory.change,
    lastRun: () => records.lastRun(),
    formerChampion: async () => championStack(await aliasLog.all()).at(-2)?.version,
  };
}

/** Versions in the database beside those that serve, or that a rollback leads to. */
const keptVersions = 10;
const keptChampions = 10;
const versionName = /^[0-9a-f]{12}$/;
