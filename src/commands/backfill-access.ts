import { readFileSync } from 'node:fs';
import { openAuditLog } from '../audit/audit-log.js';
import { backfillActionsOf } from '../archive/backfill-actions.js';
import type { ArchiveModels } from '../archive/choose-model.js';
import { trialReportSchema } from '../archive/trial-report/trial-figures.js';
import { trialReportsOf } from '../archive/trial-report/trial-report.js';
import { applyTimeZone, loadConfig, modelLinesOf, type Config } from '../config.js';
import { asFault, Fault } from '../errors.js';
import { createLog } from '../log.js';
import { loadRouting } from '../routing/rules.js';
import { backfillPortOf } from '../server/page/backfills.js';
import type { ShownBackfill } from '../server/page-types.js';
import type { BackfillPort } from '../server/ports.js';
import { withStore } from './administration.js';
import { chosenModel, registryOf } from './chosen-model.js';

/** How the service is reached. */
export interface ServiceOptions {
  readonly tokenFile?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** The service by its HTTP API if a token is given, else its database. */
export async function withBackfills<T>(options: ServiceOptions, work: (backfills: BackfillPort) => Promise<T>): Promise<T> {
  if (options.tokenFile !== undefined) return work(remoteBackfills(options.tokenFile, options.url));
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
  const token = tokenIn(tokenFile);
  const base = serviceUrl(url);
  const send = async (path: string, body?: unknown): Promise<unknown> => {
    const method = body === undefined ? 'GET' : 'POST';
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        signal: AbortSignal.timeout(30_000),
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Fault('request-invalid', `expected the running service at ${base}, found no answer (${reasonOf(error)})`);
    }
    const reply: unknown = await response.json().catch(() => undefined);
    if (!response.ok)
      throw new Fault(
        response.status === 404 ? 'not-found' : response.status === 401 || response.status === 403 ? 'request-refused' : 'request-invalid',
        (reply as { error?: string } | undefined)?.error ?? `expected a reply of the service at ${base}, found status ${response.status}`,
      );
    return reply;
  };
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
    publicUrl: url === undefined ? loadConfig().server.publicUrl : base,
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

function tokenIn(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw asFault(error, 'request-invalid', { source: file });
  }
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Fault('request-invalid', `expected a token in ${file}, found other text or nothing`);
  return token;
}

function serviceUrl(given: string | undefined): string {
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new Fault('request-invalid', `expected --url as an http or https address, found ${given}`);
    return given.replace(/\/+$/, '');
  }
  const { host, port } = loadConfig().server;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: { readonly code?: string }; readonly message?: string };
  return cause?.code ?? message ?? 'unknown';
}
