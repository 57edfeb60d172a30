import { openAuditLog } from '../audit/audit-log.js';
import { backfillActionsOf } from '../archive/backfill-actions.js';
import { applyTimeZone, loadConfig } from '../config.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { loadRouting } from '../routing/rules.js';
import { backfillPortOf } from '../server/page/backfills.js';
import type { ShownBackfill } from '../server/page-types.js';
import type { BackfillPort } from '../server/ports.js';
import { commandActor, withStore } from './administration.js';
import { serviceApi, type ServiceOptions } from './service-api.js';

export interface BackfillOptions extends ServiceOptions {
  readonly since?: string;
  readonly until?: string;
  readonly rule?: string;
  readonly perHour: string;
  readonly hours?: string;
  readonly shadow: boolean;
}

/** `backfill`: starts an analysis of the archive. */
export async function startBackfill(options: BackfillOptions): Promise<void> {
  const { since, until, rule, hours, shadow } = options;
  if (since === undefined || until === undefined)
    throw new Fault('request-invalid', `expected --since and --until, found ${(since ?? until) ? 'one of them' : 'neither'}`);
  const perHour = Number(options.perHour);
  if (!/^\d+$/.test(options.perHour)) throw new Fault('request-invalid', `expected --per-hour as a whole number, found ${options.perHour}`);
  const request = { since, until, perHour, shadow, ...(rule === undefined ? {} : { rule }), ...(hours === undefined ? {} : { hours }) };
  print([await withBackfills(options, (backfills) => backfills.start(request, { actor: commandActor() }))], options);
}

/** `backfill status`. */
export async function showBackfills(options: ServiceOptions): Promise<void> {
  const shown = await withBackfills(options, (backfills) => backfills.list());
  if (shown.length === 0 && !options.json) console.log('No analysis of the archive.');
  print(shown, options);
}

/** `backfill pause`, `resume` and `cancel`. */
export async function changeBackfill(verb: 'pause' | 'resume' | 'cancel', id: string, options: ServiceOptions): Promise<void> {
  if (!/^[1-9]\d{0,8}$/.test(id)) throw new Fault('request-invalid', `expected the number of a backfill, found ${id}`);
  print([await withBackfills(options, (backfills) => backfills[verb](Number(id), { actor: commandActor() }))], options);
}

function print(shown: readonly ShownBackfill[], { json }: ServiceOptions): void {
  for (const one of shown) console.log(json ? JSON.stringify(one) : lineOf(one));
}

/** One line for people. */
export function lineOf(one: ShownBackfill): string {
  const { id, since, until, rule, perHour, hours, shadow, state, found, finished, isSearched, ratePerHour, timeLeftMs } = one;
  const counts = (['done', 'unchanged', 'skipped', 'failed', 'vanished'] as const).map((name) => `${one[name]} ${name}`).join(', ');
  return [
    `backfill ${id}: ${since} to ${until}${rule === undefined ? '' : `, rule ${rule}`}${shadow ? ', in shadow' : ''}`,
    `${perHour} per hour${hours === undefined ? '' : `, hours ${hours}`}`,
    `${state}${state === 'running' && !one.isWithinHours ? ', waits for its hours' : ''}`,
    `${finished} of ${found}${isSearched ? '' : ' (search in progress)'} studies (${counts})`,
    ...(ratePerHour === undefined ? [] : [`${Math.round(ratePerHour)} per hour so far`]),
    ...(timeLeftMs === undefined ? [] : [`time left ${timeLeftText(timeLeftMs)}`]),
  ].join('; ');
}

/** @returns "3 d 4 h", "4 h 12 min", "12 min" */
export function timeLeftText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** The service by its HTTP API if a token is given, else its database. */
async function withBackfills<T>(options: ServiceOptions, work: (backfills: BackfillPort) => Promise<T>): Promise<T> {
  if (options.tokenFile !== undefined) return work(remoteBackfills(options.tokenFile, options.url));
  if (options.url !== undefined) throw new Fault('request-invalid', 'expected --token-file with --url, found --url alone');
  const config = loadConfig();
  const routing = loadRouting(config.routingFile);
  try {
    return await withStore((store) => {
      const audit = openAuditLog(store.audit, createLog({ level: 'warn' }));
      return work(
        backfillPortOf(
          backfillActionsOf(store.backfills, audit, routing, () => undefined),
          applyTimeZone(config).name,
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
  const send = serviceApi(tokenFile, url);
  const change = (verb: string) => async (id: number) => (await send(`/api/backfills/${id}/${verb}`, {})) as ShownBackfill;
  return {
    list: async () => (await send('/api/backfills')) as readonly ShownBackfill[],
    start: async (request) => (await send('/api/backfills', request)) as ShownBackfill,
    pause: change('pause'),
    resume: change('resume'),
    cancel: change('cancel'),
  };
}
