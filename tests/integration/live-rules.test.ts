import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import type { EditedRule } from '../../src/server/page-types.js';
import type { RulesState, ShownRuleVersion } from '../../src/server/page-types.js';
import { logInFirst } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

type Service = Awaited<ReturnType<typeof startTestService>>;

describe('routing rules of a running service', () => {
  const pacs = useOrthanc();
  const folder = temporaryDirectory('live-rules');
  const file = join(folder, 'rules', 'routing.yaml');
  let service: Service;
  let headers: Record<string, string>;
  before(async () => {
    mkdirSync(join(folder, 'rules'));
    copyFileSync(join(projectRoot, 'config/routing.yaml'), file);
    chmodSync(file, 0o640);
    service = await startTestService(pacs.orthanc, { dataDir: join(folder, 'data'), routingFile: file });
    headers = { ...(await logInFirst(service.url, join(folder, 'data'))), 'content-type': 'application/json' };
  });
  after(() => service?.stop());
  const get = async <Reply>(path: string): Promise<Reply> => (await (await fetch(service.url + path, { headers })).json()) as Reply;
  const post = async (path: string, body: unknown): Promise<{ status: number; reply: { code?: string; error?: string } }> => {
    const response = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, reply: text === '' ? {} : JSON.parse(text) };
  };
  const state = (): Promise<RulesState> => get('/api/rules');
  const history = (): Promise<readonly ShownRuleVersion[]> => get('/api/rules/history');
  const ignored: EditedRule = {
    name: 'not-this-station',
    enabled: true,
    action: 'ignore',
    priority: 5,
    when: [{ stationName: ['MOBILE*'] }],
    destinations: [],
    findingsOff: [],
  };
  const outcomeOf = async (seed: string, station: string): Promise<{ outcome: string; rule: string | null }> => {
    const { studyInstanceUID, files } = chestStudy(seed, [{ attributes: { StationName: station } }]);
    await sendByCStore(files, pacs.orthanc);
    let found: { outcome: string; rule: string | null } | undefined;
    await eventually(
      `a result of ${seed}`,
      async () => {
        found = await service.store.results.currentResult(studyInstanceUID);
        assert.ok(found);
      },
      { timeoutMs: 90_000 },
    );
    return { outcome: found!.outcome, rule: found!.rule };
  };

  test('usability 12: a changed rule applies to the next study without a restart, is on record, and is rolled back', async () => {
    const first = await state();
    assert.equal(first.readOnly, undefined);
    assert.equal((await outcomeOf('live before', 'MOBILE-1')).outcome, 'reported');
    const rules = [ignored, ...first.rules];
    const tried = await post('/api/rules/dry-run', { rules });
    assert.equal(tried.status, 200);
    assert.match(JSON.stringify(tried.reply), /"before":\{[^}]*"action":"analyse"[^}]*\}?.*"after":\{[^}]*"rule":"not-this-station"/s);
    assert.equal((await state()).version, first.version, 'a dry run changes nothing');

    assert.equal((await post('/api/rules', { rules, basedOn: first.version })).status, 204);
    assert.deepEqual(await outcomeOf('live after', 'MOBILE-2'), { outcome: 'skipped', rule: 'not-this-station' });
    assert.equal((await outcomeOf('live other', 'DAY-1')).outcome, 'reported');
    assert.match(
      readFileSync(file, 'utf8'),
      /# findingsOff: names from config[\s\S]*- name: not-this-station\n\s+when: \{ stationName: MOBILE\* \}/,
    );
    assert.equal(statSync(file).mode & 0o777, 0o640, 'the mode of the file stays');

    const [newest, oldest] = await history();
    assert.deepEqual([newest!.by, newest!.isCurrent, oldest!.by, oldest!.isCurrent], ['admin', true, 'file', false]);
    assert.ok(newest!.difference.some(({ change, text }) => change === 'added' && text.includes('not-this-station')));
    const restored = await post(`/api/rules/history/${oldest!.number}/restore`, { basedOn: (await state()).version });
    assert.equal(restored.status, 204);
    assert.equal((await state()).version, first.version);
    assert.equal((await outcomeOf('live back', 'MOBILE-3')).outcome, 'reported');
    assert.deepEqual(
      (await history()).map(({ number, isCurrent }) => [number, isCurrent]),
      [
        [3, true],
        [2, false],
        [1, false],
      ],
    );
    const recorded = (await service.store.audit.list({ limit: 50 })).filter(({ action }) => action.startsWith('rules.'));
    assert.deepEqual(
      recorded
        .filter(({ outcome }) => outcome === 'done')
        .map(({ actor, action }) => `${actor} ${action}`)
        .filter((one) => !one.endsWith('rules.test')),
      ['admin rules.rollback', 'admin rules.change'],
    );
  });

  test('usability 12: a change that is based on another content is refused; one in the file applies; a wrong file changes nothing', async () => {
    const before = await state();
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('rules:\n', 'rules:\n  - name: by-hand\n    when: { stationName: HAND* }\n    action: ignore\n'),
    );
    const refused = await post('/api/rules', { rules: [ignored, ...before.rules], basedOn: before.version });
    assert.deepEqual([refused.status, refused.reply.code], [409, 'rules-changed']);
    assert.match(readFileSync(file, 'utf8'), /by-hand/, 'what was changed by hand is not lost');
    await eventually('the change in the file applies', async () => assert.equal((await history())[0]!.by, 'file'), { timeoutMs: 30_000 });
    assert.deepEqual(await outcomeOf('live by hand', 'HAND-1'), { outcome: 'skipped', rule: 'by-hand' });

    const draft = await post('/api/rules', { rules: [{ ...ignored, priority: 99 }], basedOn: (await state()).version });
    assert.deepEqual([draft.status, draft.reply.code], [400, 'request-invalid']);
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, 'rules: nonsense');
    assert.deepEqual(await outcomeOf('live wrong file', 'HAND-2'), { outcome: 'skipped', rule: 'by-hand' }, 'the rules before apply');
    writeFileSync(file, good);
  });

  test('usability 12: a file that is read-only is reported as such and stays', {
    skip: process.getuid?.() === 0 && 'root writes everywhere',
  }, async () => {
    const before = await state();
    chmodSync(join(folder, 'rules'), 0o500);
    try {
      assert.match((await state()).readOnly ?? '', /cannot write it \(EACCES\)/);
      const refused = await post('/api/rules', { rules: [ignored, ...before.rules], basedOn: before.version });
      assert.deepEqual([refused.status, refused.reply.code], [409, 'config-read-only']);
    } finally {
      chmodSync(join(folder, 'rules'), 0o700);
    }
  });
});
