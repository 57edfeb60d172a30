import { join } from 'node:path';
import type { Config } from '../config.js';
import type { Log } from '../log.js';
import { aliasFiles } from '../registry/alias-log.js';
import { changeFiles } from '../registry/change-record.js';
import { openRegistry, type Registry } from '../registry/registry.js';
import { sharedAliases, sharedChanges } from '../registry/shared-registry.js';
import type { Store } from '../store/store.js';
import { bringRetrainingFolderForward } from '../retraining/bring-folder-forward.js';
import { bringMemoryForward } from '../retraining/retraining-memory.js';

/**
 * Renames DATA_DIR/night, and copies into the shared database what releases up to 0.2.0 stored in the DATA_DIR of each process: the history of champion and
 * challenger, their files, the change records, the locked test set with its key. May be repeated: what the database has stays.
 *
 * Of several processes with a DATA_DIR each, the first in which a model was promoted decides; a process with another champion warns.
 */
export async function bringForward(
  config: Pick<Config, 'dataDir'>,
  store: Pick<Store, 'kind' | 'models' | 'retraining'>,
  registry: Registry,
  log: Log,
): Promise<void> {
  await bringRetrainingFolderForward(config, log);
  if (store.kind !== 'postgresql') return;
  const folder = join(config.dataDir, 'models');
  const files = openRegistry(folder);
  const own = await aliasFiles(join(folder, 'aliases')).all();
  const shared = sharedAliases(store.models);
  const known = await shared.all();
  const decided = (history: typeof own): boolean => history.some(({ action }) => action !== 'first');
  if (own.length > 0 && (known.length === 0 || (decided(own) && !decided(known)))) {
    const here = await files.versions();
    let seen = known.at(-1);
    for (const { revision: _revision, ...change } of own) seen = await shared.append(seen, change);
    for (const version of new Set(own.flatMap(({ champion, challenger }) => (challenger ? [champion, challenger] : [champion]))))
      if (here.includes(version)) await registry.share(version);
    log.info('the champion of this DATA_DIR is now in the database, for all processes', { champion: seen?.champion, changes: own.length });
  } else if (decided(own) && own.at(-1)!.champion !== known.at(-1)!.champion && !known.some(({ at }) => at === own.at(-1)!.at)) {
    log.warn('this DATA_DIR has another champion than the database; that of the database is used', {
      here: own.at(-1)!.champion,
      champion: known.at(-1)!.champion,
    });
  }
  const records = changeFiles(join(folder, 'changes'));
  const there = new Set((await store.models.changes()).map(({ id }) => id));
  for (const id of (await records.list()).ids) if (!there.has(id)) await sharedChanges(store.models).write(await records.read(id));
  const memory = await bringMemoryForward(config, store.retraining);
  if (memory === 'other')
    log.warn(
      'this DATA_DIR has another locked test set than the database; that of the database is used. Models may have been trained on patients of the other one',
      {},
    );
}
