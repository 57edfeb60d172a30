import { access, chmod, constants, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditLog } from '../../audit/audit-log.js';
import { asFault, Fault } from '../../errors.js';
import { writeFileAtomically } from '../../lib/atomic-write.js';
import { diffLines } from '../../lib/line-diff.js';
import { Semaphore } from '../../lib/semaphore.js';
import type { Log } from '../../log.js';
import { checkRules, editedRules, editRules, routingOf, type EditedRule } from '../../routing/edit-rules.js';
import { loadRouting, parseRouting, type Routing, type RoutingRule } from '../../routing/rules.js';
import type { RulesPort } from '../ports.js';
import { hashOfRules, madeInFile, ruleVersionsIn } from './rule-versions.js';

/** The rules that apply now: everyone who has this object sees a change at the next study. */
export class LiveRouting implements Routing {
  #current: Routing;

  constructor(readonly file: string) {
    this.#current = loadRouting(file);
  }

  get rules(): RoutingRule[] {
    return this.#current.rules;
  }

  /** @throws Fault `config-invalid`; then the rules stay as they are */
  apply(text: string): void {
    this.#current = parseRouting(text, this.file);
  }
}

export interface LiveRulesParts {
  readonly routing: LiveRouting;
  readonly dataDir: string;
  /** Names of config/findings.json. */
  readonly findings: readonly string[];
  readonly audit: AuditLog;
  readonly log: Log;
}

export interface LiveRules {
  readonly port: Omit<RulesPort, 'test'>;
  /** Applies the file if it was changed outside of the page; a text that is not valid is reported and changes nothing. */
  followFile(): Promise<void>;
}

/** The rules file as the page edits it, and its versions below DATA_DIR/routing. */
export function liveRulesOf({ routing, dataDir, findings, audit, log }: LiveRulesParts): LiveRules {
  const { file } = routing;
  const versions = ruleVersionsIn(join(dataDir, 'routing'));
  let applied = '';
  let reported = '';
  /** One change at a time. */
  const turns = new Semaphore({ maxActive: 1 });
  const read = async (): Promise<string> => {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw asFault(error, 'config-invalid', { source: file });
    }
  };
  const followFile = async (): Promise<void> => {
    const text = await read();
    const hash = hashOfRules(text);
    if (hash === applied || hash === reported) return;
    try {
      routingOf(editedRules(parseRouting(text, file)), findings);
      routing.apply(text);
    } catch (error) {
      reported = hash;
      log.error('the routing rules in the file are not valid; the rules before apply', { reason: (error as Error).message });
      return;
    }
    const isStart = applied === '';
    applied = hash;
    await versions.add(text, madeInFile);
    if (isStart) return;
    log.info('the routing rules were changed in their file and apply now', { file, sha256: hash });
    await audit.recordIfPossible({ actor: 'service', action: 'rules.reload', subject: { version: hash.slice(0, 12) } });
  };
  const write = async (
    basedOn: string,
    action: string,
    actor: { readonly actor: string; readonly remote?: string },
    edit: (text: string) => Promise<string>,
  ) => {
    const before = await read();
    if (hashOfRules(before) !== basedOn)
      throw new Fault('rules-changed', 'the file of the rules has another content than the one that was edited: load it again');
    const after = await edit(before);
    const subject = { from: basedOn.slice(0, 12), version: hashOfRules(after).slice(0, 12) };
    await audit.recordAction({ ...actor, action, subject }, async () => {
      await checkWritable(file);
      const { mode } = await stat(file);
      try {
        await writeFileAtomically(file, after);
      } catch (error) {
        throw readOnly(error);
      }
      await chmod(file, mode & 0o777);
      routing.apply(after);
      applied = hashOfRules(after);
      await versions.add(after, actor.actor);
    });
    log.info('the routing rules were changed and apply now', { actor: actor.actor, ...subject });
  };
  return {
    followFile: () => turns.use(followFile),
    port: {
      async state() {
        const text = await read();
        const problem = await checkWritable(file).then(
          () => undefined,
          (error: Fault) => error.detail,
        );
        return {
          file,
          version: hashOfRules(text),
          rules: editedRules(parseRouting(text, file)),
          findings,
          ...(problem === undefined ? {} : { readOnly: problem }),
        };
      },
      check: (rules) => checkRules(rules, findings),
      change: (rules: readonly EditedRule[], basedOn, actor) =>
        turns.use(() => write(basedOn, 'rules.change', actor, async (text) => editRules(text, rules, findings))),
      async history() {
        const all = await versions.list();
        const present = hashOfRules(await read());
        return all.map(({ number, at, by, sha256, text }, index) => ({
          number,
          at,
          by,
          version: sha256,
          isCurrent: sha256 === present && all.findIndex((one) => one.sha256 === present) === index,
          difference: all[index + 1] ? diffLines(all[index + 1]!.text, text) : [],
        }));
      },
      restore: (number, basedOn, actor) =>
        turns.use(() =>
          write(basedOn, 'rules.rollback', actor, async () => {
            const version = (await versions.list()).find((one) => one.number === number);
            if (!version) throw new Fault('not-found', `expected the number of a version of the rules, found ${number}`);
            routingOf(editedRules(parseRouting(version.text, file)), findings);
            return version.text;
          }),
        ),
    },
  };
}

/** @throws Fault `config-read-only` */
async function checkWritable(file: string): Promise<void> {
  try {
    await access(file, constants.W_OK);
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw readOnly(error);
  }
}

function readOnly(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const reason =
    code === 'EBUSY' ? 'the file is mounted alone: mount its folder instead' : `the account of the service cannot write it (${code})`;
  return new Fault('config-read-only', `expected a file of rules that can be written with its folder: ${reason}`, {}, { cause: error });
}
