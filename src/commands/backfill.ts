import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../errors.js';
import type { ShownBackfill } from '../server/page-types.js';
import type { BackfillPort } from '../server/ports.js';
import { commandActor } from './administration.js';
import { withBackfills } from './backfill-access.js';
import type { ServiceOptions } from './service-api.js';

export interface BackfillOptions extends ServiceOptions {
  readonly since?: string;
  readonly until?: string;
  readonly rule?: string;
  readonly model?: string;
  readonly follow: boolean;
  readonly perHour: string;
  readonly hours?: string;
  readonly shadow: boolean;
}

/** `backfill`: starts an analysis of the archive. */
export async function startBackfill(options: BackfillOptions): Promise<void> {
  const { since, until, rule, model, hours, shadow, follow } = options;
  if (since === undefined || until === undefined)
    throw new Fault('request-invalid', `expected --since and --until, found ${(since ?? until) ? 'one of them' : 'neither'}`);
  const perHour = Number(options.perHour);
  if (!/^\d+$/.test(options.perHour)) throw new Fault('request-invalid', `expected --per-hour as a whole number, found ${options.perHour}`);
  const given = Object.entries({ rule, model, hours }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const request = { since, until, perHour, shadow, ...Object.fromEntries(given) };
  await withBackfills(options, async (backfills, canProgress) => {
    if (follow) checkMayFollow(canProgress);
    const started = await backfills.start(request, { actor: commandActor() });
    print([started], options);
    if (follow) await followBackfill(started.id, backfills, options);
  });
}

/** `backfill status`; with `follow` of the last analysis until its end. */
export async function showBackfills(options: ServiceOptions & { readonly follow: boolean }): Promise<void> {
  await withBackfills(options, async (backfills, canProgress) => {
    if (options.follow) checkMayFollow(canProgress);
    const shown = await backfills.list();
    if (shown.length === 0 && !options.json) console.log('No analysis of the archive.');
    print(options.follow ? shown.slice(0, 1) : shown, options);
    if (options.follow && shown[0]) await followBackfill(shown[0].id, backfills, options);
  });
}

const followMs = 2_000;

/** Prints a line whenever the progress changes, until the analysis ends. */
async function followBackfill(id: number, backfills: BackfillPort, options: ServiceOptions): Promise<void> {
  const progressOf = ({ state, found, finished, isSearched, isWithinHours }: ShownBackfill): string =>
    JSON.stringify([state, found, finished, isSearched, isWithinHours]);
  for (let before: string | undefined; ; await wait(followMs)) {
    const one = (await backfills.list()).find((shown) => shown.id === id);
    if (!one) throw new Fault('not-found', `expected backfill ${id} among the last ones, found others`);
    if (before !== undefined && before !== progressOf(one)) print([one], options);
    before = progressOf(one);
    if (one.state === 'done' || one.state === 'cancelled') return;
  }
}

function checkMayFollow(canProgress: boolean): void {
  if (!canProgress)
    throw new Fault(
      'request-invalid',
      'expected a running service with --follow, because it carries out the analysis, found none; start the service, or start the analysis without --follow',
    );
}

/** `backfill pause`, `resume` and `cancel`. */
export async function changeBackfill(verb: 'pause' | 'resume' | 'cancel', id: string, options: ServiceOptions): Promise<void> {
  print([await withBackfills(options, (backfills) => backfills[verb](numberIn(id), { actor: commandActor() }))], options);
}

/** @throws Fault `request-invalid` */
export function numberIn(id: string): number {
  if (!/^[1-9]\d{0,8}$/.test(id)) throw new Fault('request-invalid', `expected the number of a backfill, found ${id}`);
  return Number(id);
}

function print(shown: readonly ShownBackfill[], { json }: ServiceOptions): void {
  for (const one of shown) console.log(json ? JSON.stringify(one) : lineOf(one));
}

/** One line for people. */
export function lineOf(one: ShownBackfill): string {
  const { id, since, until, rule, model, perHour, hours, shadow, state, found, finished, isSearched, ratePerHour, timeLeftMs } = one;
  const counts = (['done', 'unchanged', 'skipped', 'failed', 'vanished'] as const).map((name) => `${one[name]} ${name}`).join(', ');
  return [
    `backfill ${id}: ${since} to ${until}${rule === undefined ? '' : `, rule ${rule}`}${model === undefined ? '' : `, model ${model}`}${shadow ? ', in shadow' : ''}`,
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
