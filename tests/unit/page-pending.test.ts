import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { tabStorage } from '../support/page-globals.js';
import { ApiFault } from '../../src/web/api.js';
import type { GivenStep } from '../../src/web/reading/given-step.js';
import { PendingAssessments, undoMs } from '../../src/web/reading/pending-assessments.js';

/** A request of the page that the test answers. */
interface Request {
  readonly study: string;
  readonly findings: readonly string[];
  store(): Promise<void>;
  refuse(status: number): Promise<void>;
}

const storageKey = 'chest-ai-pending-assessments ann';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

function pageOf(onStored: (study: string) => Promise<unknown> = async () => undefined) {
  const requests: Request[] = [];
  const storage = tabStorage();
  const send = (study: string, body: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const { findings } = body as { readonly findings: readonly { readonly name: string; readonly decision: string }[] };
      requests.push({
        study,
        findings: findings.map(({ name, decision }) => `${name} ${decision}`),
        store: async () => (resolve(), everyReply()),
        refuse: async (status) => (reject(new ApiFault(status, 'code', 'sentence')), everyReply()),
      });
    });
  const pending = new PendingAssessments({ onStored, send, storage });
  pending.start('ann');
  const kept = (): readonly GivenStep[] =>
    (JSON.parse(storage.getItem(storageKey) ?? '{"steps":[]}') as { readonly steps: readonly GivenStep[] }).steps;
  const open = (): readonly string[] => requests.map(({ study, findings }) => `${study}: ${findings.join(', ')}`);
  return { pending, requests, open, kept };
}

/** Until everything that follows from a reply has happened: nothing here waits for more than other promises. */
const everyReply = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const step = (study: string, name: string, decision: 'present' | 'absent' = 'present', comment?: string): GivenStep => ({
  study,
  findings: [{ name, decision, ...(comment === undefined ? {} : { comment }) }],
});

test('nothing is sent before its time, and a decision is taken back also when the next study is shown', async () => {
  const { pending, open } = pageOf();
  pending.give(step('1', 'nodule'));
  mock.timers.tick(undoMs - 1);
  assert.deepEqual(open(), []);
  assert.deepEqual([...pending.studies()], ['1']);
  assert.equal(pending.undo()?.study, '1');
  assert.equal(pending.state.undone?.study, '1');
  mock.timers.tick(undoMs);
  await everyReply();
  assert.deepEqual(open(), []);
  assert.deepEqual([...pending.studies()], []);
});

test('a decision on another study sends the earlier one', () => {
  const { pending, open } = pageOf();
  pending.give(step('1', 'nodule'));
  pending.give(step('2', 'nodule'));
  assert.deepEqual(open(), ['1: nodule present']);
  assert.equal(pending.undo()?.study, '2');
});

test('a decision that is given while another is under way hides neither, and is sent after it', async () => {
  const { pending, requests, open, kept } = pageOf();
  pending.give(step('1', 'nodule'));
  void pending.flush();
  pending.give(step('1', 'mass', 'absent'));
  assert.deepEqual([...pending.decisionsOf('1').keys()], ['nodule', 'mass']);
  assert.equal(kept().length, 2, 'both are sent by the next page if this one is closed');
  void pending.flush();
  assert.deepEqual(open(), ['1: nodule present'], 'the later one waits for its turn');
  await requests[0]!.store();
  assert.deepEqual(open(), ['1: nodule present', '1: mass absent']);
  await requests[1]!.store();
  assert.deepEqual(kept(), []);
  assert.equal(pending.state.kind, 'stored');
});

test('a stored decision is shown as pending until the page has loaded it again', async () => {
  let loaded: () => void = () => assert.fail('it is not loaded');
  const { pending, requests } = pageOf(() => new Promise<void>((resolve) => (loaded = resolve)));
  pending.give(step('1', 'nodule'));
  mock.timers.tick(undoMs);
  await requests[0]!.store();
  assert.equal(pending.state.kind, 'stored');
  assert.deepEqual([...pending.decisionsOf('1').keys()], ['nodule']);
  loaded();
  await everyReply();
  assert.deepEqual([...pending.decisionsOf('1').keys()], []);
});

test('a page that is left waits for no turn', async () => {
  const listeners: Record<string, () => void> = {};
  const before = { add: globalThis.addEventListener, document: globalThis.document };
  Object.assign(globalThis, {
    addEventListener: (kind: string, listener: () => void) => (listeners[kind] = listener),
    document: { addEventListener: () => undefined },
  });
  try {
    const { pending, open } = pageOf();
    pending.watchPage();
    pending.give(step('1', 'nodule'));
    void pending.flush();
    pending.give(step('1', 'mass'));
    void pending.flush();
    pending.give(step('1', 'edema'));
    assert.deepEqual(open(), ['1: nodule present']);
    listeners['pagehide']!();
    assert.deepEqual(open(), ['1: nodule present', '1: mass present', '1: edema present']);
  } finally {
    Object.assign(globalThis, { addEventListener: before.add, document: before.document });
  }
});

test('only what was refused is put back; a replaced result is not sent again, and Discard leaves the rest', async () => {
  const { pending, requests, open, kept } = pageOf();
  pending.give(step('1', 'nodule'));
  pending.give({ ...step('1', 'mass'), adjudicates: true });
  mock.timers.tick(undoMs);
  assert.deepEqual(open(), ['1: nodule present', '1: mass present']);
  await requests[0]!.refuse(409);
  await requests[1]!.store();
  assert.deepEqual(
    pending.state.failed?.steps.map(({ findings }) => findings[0]!.name),
    ['nodule'],
  );
  pending.give(step('2', 'edema'));
  void pending.flush();
  assert.deepEqual(open().slice(2), ['2: edema present'], 'not the refused one');
  await requests[2]!.refuse(0);
  assert.equal(pending.state.failed?.steps.length, 2);
  pending.give(step('2', 'mass'));
  void pending.flush();
  assert.deepEqual(open().slice(3), ['2: edema present, mass present'], 'what an outage prevented is sent again');
  pending.discard();
  assert.equal(pending.state.kind, 'storing', 'Discard drops what failed, nothing that is under way');
  assert.deepEqual(
    kept().map(({ study }) => study),
    ['2', '2'],
  );
  await requests[3]!.store();
  assert.deepEqual([pending.state.kind, pending.state.failed], ['stored', undefined]);
});

test('a comment that waits is kept by a changed decision', async () => {
  const { pending, requests } = pageOf();
  pending.give(step('1', 'nodule', 'present', 'left'));
  void pending.flush();
  pending.give(step('1', 'nodule', 'absent'));
  assert.deepEqual(pending.decisionsOf('1').get('nodule'), { decision: 'absent', comment: 'left' });
  await requests[0]!.store();
  assert.deepEqual(pending.decisionsOf('1').get('nodule'), { decision: 'absent' }, 'now the page knows it from the server');
});

test('the notice that something was stored goes away', async () => {
  const { pending, requests } = pageOf();
  pending.give(step('1', 'nodule'));
  mock.timers.tick(undoMs);
  await requests[0]!.store();
  assert.equal(pending.state.kind, 'stored');
  mock.timers.tick(6_000);
  assert.equal(pending.state.kind, 'idle');
});

test('what a closed page left is sent by the next one of the same user', () => {
  const storage = tabStorage();
  const sent: string[] = [];
  const send = async (study: string): Promise<void> => void sent.push(study);
  const first = new PendingAssessments({ send, storage });
  first.start('ann');
  first.give(step('1', 'nodule'));
  new PendingAssessments({ send, storage }).start('ben');
  assert.deepEqual(sent, []);
  new PendingAssessments({ send, storage }).start('ann');
  assert.deepEqual(sent, ['1']);
});

test('another user who logs in sends nothing of the former one, and takes nothing away', async () => {
  const storage = tabStorage();
  const sent: { readonly study: string; readonly reader: unknown }[] = [];
  const send = async (study: string, body: object): Promise<void> => {
    sent.push({ study, reader: (body as { readonly reader?: string }).reader });
    if (study === '1') throw new Error('no connection');
  };
  const page = new PendingAssessments({ send, storage });
  page.start('ann');
  page.give(step('1', 'nodule'));
  await page.flush();
  page.give(step('2', 'nodule'));
  page.start('ben');
  assert.deepEqual([page.state.kind, page.state.failed], ['idle', undefined]);
  page.give(step('3', 'nodule'));
  await page.flush();
  assert.deepEqual(sent, [
    { study: '1', reader: 'ann' },
    { study: '3', reader: 'ben' },
  ]);
  page.start('ann');
  await page.flush();
  assert.deepEqual(
    sent.slice(2).map(({ study, reader }) => `${study} ${reader}`),
    ['1 ann', '2 ann'],
  );
});
