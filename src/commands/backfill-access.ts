import { openAuditLog } from '../audit/audit-log.js';
import { backfillActionsOf } from '../archive/backfill-actions.js';
import type { ArchiveModels } from '../archive/choose-model.js';
import { trialReportSchema } from '../archive/trial-report/trial-figures.js';
import { trialReportsOf } from '../archive/trial-report/trial-report.js';
import { applyTimeZone, loadConfig, modelLinesOf, type Config } from '../config.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { loadRouting } from '../routing/rules.js';
import { backfillPortOf } from '../server/page/backfills.js';
import type { ShownBackfill } from '../server/page-types.js';
import type { BackfillPort } from '../server/ports.js';
import { withStore } from './administration.js';
import { chosenModel, registryOf } from './chosen-model.js';
import { serviceApi, type ServiceOptions } from './service-api.js';

/**
 * The service by its HTTP API if a token is given, else its database.
 *
 * @param work is also told whether an analysis can make progress meanwhile: while a command has the embedded database to itself, no
 *   service can run
 */
export async function withBackfills<T>(
  options: ServiceOptions,
  work: (backfills: BackfillPort, canProgress: boolean) => Promise<T>,
): Promise<T> {
  if (options.tokenFile !== undefined) return work(remoteBackfills(options.tokenFile, options.url), true);
  if (options.url !== undefined) throw new Fault('request-invalid', 'expected --token-file with --url, found --url alone');
  const config = loadConfig();
  const routing = loadRouting(config.routingFile);
  try {
    return await withStore((store) => {
      const audit = openAuditLog(store.audit, createLog({ level: 'warn' }));
      return work(
        backfillPortOf(
          backfillActionsOf(store.backfills, audit, routing, registeredModels(config)),
          trialReportsOf(store, audit),
          applyTimeZone(config).name,
          config.server.publicUrl,
        ),
        store.isForwarded || store.kind === 'postgresql',
      );
    });
  } catch (error) {
    // In use by the running service.
    if (error instanceof Fault && error.code === 'config-invalid' && config.database.url === undefined)
      throw new Fault('config-invalid', `${error.detail}; or give a token of role admin with --token-file`);
    throw error;
  }
}

function remoteBackfills(tokenFile: string, url: string | undefined): BackfillPort {
  const send = serviceApi(tokenFile, url);
  const change = (verb: string) => async (id: number) => (await send(`/api/backfills/${id}/${verb}`, {})) as ShownBackfill;
  return {
    list: async () => (await send('/api/backfills')) as readonly ShownBackfill[],
    start: async (request) => (await send('/api/backfills', request)) as ShownBackfill,
    pause: change('pause'),
    resume: change('resume'),
    cancel: change('cancel'),
    report: async (id, version) =>
      trialReportSchema.parse(
        await send(`/api/backfills/${id}/report${version === undefined ? '' : `?version=${encodeURIComponent(version)}`}`),
      ),
    sign: async (id, body) => trialReportSchema.parse(await send(`/api/backfills/${id}/sign-offs`, body)),
    publicUrl: url?.replace(/\/+$/, '') ?? loadConfig().server.publicUrl,
  };
}

/** The model versions of the registries: what runs is known to the service only, so challengers are not. */
function registeredModels(config: Config): ArchiveModels {
  const lines = modelLinesOf(config).map(({ name }) => name);
  return {
    async champions() {
      const found = await Promise.all(lines.map((line) => chosenModel('champion', config, line).then(({ version }) => [version], noModel)));
      return [...new Set(found.flat())];
    },
    async challengers() {
      const aliases = await Promise.all(lines.map((line) => registryOf(config, line).aliases()));
      const named = aliases.flatMap((one) => one?.challenger ?? []);
      return named.length > 0 ? named : undefined;
    },
    registered: async () => (await Promise.all(lines.map((line) => registryOf(config, line).versions()))).flat(),
  };
}

/** A line may have no model. */
function noModel(error: unknown): readonly string[] {
  if (error instanceof Fault && error.code === 'model-unknown') return [];
  throw error;
}
