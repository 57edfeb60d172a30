import type { AuditLog } from '../audit/audit-log.js';
import { Fault } from '../errors.js';
import type { Routing } from '../routing/rules.js';
import type { BackfillRow, BackfillState, Backfills } from '../store/backfills.js';
import { checkBackfill, type BackfillRequest } from './backfill-request.js';
import { chooseModel, type ArchiveModels } from './choose-model.js';

/** Who acts, for the audit log. */
export interface BackfillActor {
  readonly actor: string;
  readonly remote?: string;
}

/** What an administrator does with analyses of the archive; each is on record before it is carried out. */
export interface BackfillActions {
  /** Newest first. */
  list(): Promise<readonly BackfillRow[]>;
  /** @throws Fault `request-invalid`, also while another one is running or paused */
  start(request: BackfillRequest, by: BackfillActor): Promise<BackfillRow>;
  /** Studies that are queued are still analysed. @throws Fault `not-found` if no backfill of this number is running */
  pause(id: number, by: BackfillActor): Promise<BackfillRow>;
  /** @throws Fault `not-found` if no backfill of this number is paused */
  resume(id: number, by: BackfillActor): Promise<BackfillRow>;
  /** For good; results stay. @throws Fault `not-found` if no backfill of this number is running or paused */
  cancel(id: number, by: BackfillActor): Promise<BackfillRow>;
}

const listed = 20;

export function backfillActionsOf(
  backfills: Backfills,
  audit: AuditLog,
  routing: Pick<Routing, 'rules'>,
  models: ArchiveModels,
): BackfillActions {
  const change =
    (verb: string, from: readonly BackfillState[], to: BackfillState) =>
    async (id: number, by: BackfillActor): Promise<BackfillRow> => {
      const notFound = new Fault('not-found', `expected the number of a backfill that is ${from.join(' or ')}, found ${id}`);
      return audit.recordAction({ ...by, action: `backfill.${verb}`, subject: { backfill: id } }, async () => {
        if (!(await backfills.changeState(id, from, to, new Date()))) throw notFound;
        return (await backfills.find(id))!;
      });
    };
  return {
    list: () => backfills.list(listed),
    async start(request, by) {
      const checked = { ...checkBackfill(request, routing), model: (await chooseModel(request, models)) ?? null };
      const { since, until, rule, model, perHour, hours, shadow } = checked;
      const given = Object.entries({ rule, model, hours }).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
      const subject = { since, until, perHour, shadow, ...Object.fromEntries(given) };
      return audit.recordAction(
        { ...by, action: 'backfill.start', subject },
        async () => {
          const created = await backfills.create({ ...checked, createdBy: by.actor }, new Date());
          if (created) return created;
          const other = (await backfills.list(listed)).find((one) => one.state === 'running' || one.state === 'paused');
          throw new Fault(
            'request-invalid',
            `expected no other backfill in progress, found backfill ${other ? `${other.id}, which is ${other.state}` : 'of another request'}; wait for its end or cancel it`,
          );
        },
        ({ id }) => ({ backfill: id }),
      );
    },
    pause: change('pause', ['running'], 'paused'),
    resume: change('resume', ['paused'], 'running'),
    cancel: change('cancel', ['running', 'paused'], 'cancelled'),
  };
}
