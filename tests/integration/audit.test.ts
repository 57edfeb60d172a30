import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { auditMessage } from '../../src/audit/audit-message.js';
import { eventOf } from '../../src/audit/event-codes.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { beginningOfChain, hashOfEntry, type AuditRow } from '../../src/store/audit-entries.js';
import { openStore, type Store } from '../../src/store/store.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const run = promisify(execFile);

for (const backend of storeBackends()) {
  describe(`audit log on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openStore(await backend.location(), silentLog)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });
    /** As somebody who may do anything with the database. */
    const tamper = async (sql: string): Promise<void> => {
      await store.sql.script(
        `ALTER TABLE chest_ai.audit_entry DISABLE TRIGGER ALL;\n${sql};\nALTER TABLE chest_ai.audit_entry ENABLE TRIGGER ALL;`,
      );
    };
    const rows = () => store.audit.after(0, 1000);

    test('entries follow one another; many writers at once make one chain', async () => {
      assert.deepEqual(await verifyAudit(store.audit), { intact: true, entries: 0, head: { seq: 0, hash: beginningOfChain } });
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          store.audit.append({
            actor: `a${n % 4}`,
            action: 'study.view',
            remote: '10.0.0.1',
            subject: { studyInstanceUID: `2.25.${n}`, z: [1, 2].map(String), a: true },
          }),
        ),
      );
      const all = await rows();
      assert.deepEqual(
        all.map(({ seq }) => seq),
        Array.from({ length: 40 }, (_, n) => n + 1),
      );
      assert.match(all[0]!.subject, /^\{"a":true,"studyInstanceUID":"2\.25\.\d+","z":\["1","2"\]\}$/, 'written with its keys in order');
      const verification = await verifyAudit(store.audit);
      assert.deepEqual(verification, { intact: true, entries: 40, head: { seq: 40, hash: all.at(-1)!.hash } });
    });

    test('the database itself refuses to change or remove an entry', async () => {
      for (const sql of [
        `UPDATE chest_ai.audit_entry SET actor = 'x'`,
        'DELETE FROM chest_ai.audit_entry WHERE seq = 40',
        'TRUNCATE chest_ai.audit_entry',
      ]) {
        await assert.rejects(store.sql.query({ text: sql }), /only appended to/, sql);
      }
    });

    test('whatever is changed past that is found, and where', async () => {
      const original = await rows();
      const restore = async (): Promise<void> => {
        await tamper('DELETE FROM chest_ai.audit_entry');
        for (const row of original) {
          await store.sql.query({
            text: 'INSERT INTO chest_ai.audit_entry VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
            values: [row.seq, row.at, row.actor, row.action, row.outcome, row.remote, row.subject, row.previousHash, row.hash],
          });
        }
        assert.equal((await verifyAudit(store.audit)).intact, true);
      };
      const cases: readonly { readonly name: string; readonly sql: string; readonly at: number; readonly why: RegExp }[] = [
        ...(['at', 'actor', 'action', 'remote', 'subject'] as const).map((column) => ({
          name: column,
          sql: `UPDATE chest_ai.audit_entry SET ${column} = ${column} || ' ' WHERE seq = 17`,
          at: 17,
          why: /was changed after it was written/,
        })),
        {
          name: 'outcome',
          sql: `UPDATE chest_ai.audit_entry SET outcome = 'refused' WHERE seq = 3`,
          at: 3,
          why: /was changed after it was written/,
        },
        {
          name: 'hash',
          sql: `UPDATE chest_ai.audit_entry SET hash = repeat('0', 64) WHERE seq = 40`,
          at: 40,
          why: /was changed after it was written/,
        },
        {
          name: 'text moved from one field to the next',
          sql: `UPDATE chest_ai.audit_entry SET actor = left(actor, 1), action = right(actor, 1) || action WHERE seq = 5`,
          at: 5,
          why: /was changed after it was written/,
        },
        { name: 'removed', sql: 'DELETE FROM chest_ai.audit_entry WHERE seq = 20', at: 21, why: /expected entry 20, found 21/ },
        {
          name: 'removed and renumbered',
          sql: 'DELETE FROM chest_ai.audit_entry WHERE seq = 20; UPDATE chest_ai.audit_entry SET seq = seq - 1 WHERE seq = 21',
          at: 20,
          why: /does not follow/,
        },
        { name: 'the first removed', sql: 'DELETE FROM chest_ai.audit_entry WHERE seq = 1', at: 2, why: /expected entry 1, found 2/ },
        {
          name: 'two exchanged',
          sql: 'UPDATE chest_ai.audit_entry SET seq = -7 WHERE seq = 7; UPDATE chest_ai.audit_entry SET seq = 7 WHERE seq = 8; UPDATE chest_ai.audit_entry SET seq = 8 WHERE seq = -7',
          at: 7,
          why: /does not follow/,
        },
      ];
      for (const { name, sql, at, why } of cases) {
        await tamper(sql);
        const verification = await verifyAudit(store.audit);
        assert.ok(!verification.intact, name);
        assert.equal(verification.at, at, name);
        assert.match(verification.why, why, name);
        await restore();
      }
    });

    test('a log cut off at its end, or written anew by somebody who knows how, is found by a head noted before', async () => {
      const original = await rows();
      const head = original.at(-1)!;
      await tamper('DELETE FROM chest_ai.audit_entry WHERE seq > 38');
      assert.equal((await verifyAudit(store.audit)).intact, true, 'by itself it looks whole');
      const cut = await verifyAudit(store.audit, head);
      assert.ok(!cut.intact && cut.at === 39 && /expected entry 40/.test(cut.why));
      // Everything hashed again with one actor changed.
      await tamper('DELETE FROM chest_ai.audit_entry');
      let previousHash = beginningOfChain;
      for (const { hash: _, ...row } of original) {
        const forged = { ...row, actor: row.seq === 2 ? 'somebody else' : row.actor, previousHash };
        previousHash = hashOfEntry(forged);
        await store.sql.query({
          text: 'INSERT INTO chest_ai.audit_entry VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
          values: [
            forged.seq,
            forged.at,
            forged.actor,
            forged.action,
            forged.outcome,
            forged.remote,
            forged.subject,
            forged.previousHash,
            previousHash,
          ],
        });
      }
      assert.equal((await verifyAudit(store.audit)).intact, true);
      assert.equal((await verifyAudit(store.audit, head)).intact, false);
    });

    test('who looks again and again is one entry', async () => {
      const audit = openAuditLog(store.audit, silentLog);
      const before = (await store.audit.last())!.seq;
      for (let n = 0; n < 5; n++) await audit.recordView({ actor: 'anna', action: 'study.view', subject: { studyInstanceUID: '1.2' } });
      await audit.recordView({ actor: 'anna', action: 'study.view', subject: { studyInstanceUID: '1.3' } });
      assert.equal((await store.audit.last())!.seq, before + 2);
    });

    // The embedded database has one process.
    if (backend.name === 'postgresql')
      test('several processes write one chain', async () => {
        const location = await backend.location();
        assert.ok('databaseUrl' in location);
        await (await openStore(location, silentLog)).close();
        await Promise.all(
          [1, 2, 3, 4].map((n) =>
            run(process.execPath, [join(projectRoot, 'dist/tests/support/audit-process.js'), location.databaseUrl, `process-${n}`, '50']),
          ),
        );
        const shared = await openStore(location, silentLog);
        try {
          const verification = await verifyAudit(shared.audit);
          assert.ok(verification.intact);
          assert.equal(verification.entries, 200);
          const actors = (await shared.audit.after(0, 1000)).map(({ actor }) => actor);
          for (const n of [1, 2, 3, 4]) assert.equal(actors.filter((one) => one === `process-${n}`).length, 50);
        } finally {
          await shared.close();
        }
      });
  });
}

describe('as DICOM writes it', () => {
  const row = (more: Partial<AuditRow>): AuditRow => ({
    seq: 7,
    at: '2026-01-02T03:04:05.678Z',
    actor: 'anna',
    action: 'study.view',
    outcome: 'done',
    remote: '10.1.2.3',
    subject: '{}',
    previousHash: 'a',
    hash: 'b'.repeat(64),
    ...more,
  });
  const hostile = `"><x>&amp;'\u0000\u0001\n\ud800 ]]>`;
  const actions = [
    'service.start',
    'service.stop',
    'login',
    'logout',
    'worklist.view',
    'study.view',
    'assessment.give',
    'answer.ask',
    'pacs.search',
    'model.promote',
    'account.add',
    'account.disable',
    'token.revoke',
    'audit.view',
    'audit.export',
    'work.retry',
    'job.retry',
    'upload.analyze',
    'verdict.give',
    'constructor',
    'constructor.view',
    '',
    hostile,
  ];
  const messages = [
    ...actions.map((action) =>
      row({ action, subject: JSON.stringify({ studyInstanceUID: '1.2.840.1', documents: ['1.2', '1.3'], n: 3, wanted: true }) }),
    ),
    row({ actor: hostile, remote: '', outcome: 'refused', subject: JSON.stringify({ [hostile]: hostile }) }),
    row({ outcome: 'failed', remote: '::1' }),
    row({ outcome: 'intended' }),
  ].map((one) => auditMessage(one, 'here'));

  test('AuditMessage after the schema of PS3.15 A.5.1.1, by xmllint', {
    skip: existsSync('/usr/bin/xmllint') ? undefined : 'xmllint is not installed (apt-get install libxml2-utils)',
  }, () => {
    const schema = join(projectRoot, 'tests/fixtures/audit/audit-message.rng');
    const validate = (text: string) =>
      spawnSync('/usr/bin/xmllint', ['--nonet', '--noout', '--relaxng', schema, '-'], { input: text, encoding: 'utf8' });
    for (const message of messages) {
      const { status, stderr } = validate(message);
      assert.equal(status, 0, `${message}\n${stderr}`);
      assert.doesNotMatch(message, /\n/, 'one line');
    }
    // The schema refuses what it should: so the check can fail.
    for (const [from, to] of [
      ['EventOutcomeIndicator="0"', 'EventOutcomeIndicator="1"'],
      ['UserID="anna"', ''],
      ['EventDateTime="2026-01-02T', 'EventDateTime="yesterdayT'],
      [' originalText="Study Instance UID"', ''],
      ['<ParticipantObjectName>study</ParticipantObjectName>', ''],
    ] as const) {
      assert.ok(messages[5]!.includes(from), from);
      assert.notEqual(validate(messages[5]!.replace(from, to)).status, 0, from);
    }
  });

  test('what it says', () => {
    assert.match(
      messages[5]!,
      /<EventIdentification EventActionCode="R" EventDateTime="2026-01-02T03:04:05\.678Z" EventOutcomeIndicator="0"><EventID csd-code="110103" codeSystemName="DCM" originalText="DICOM Instances Accessed"\/>/,
    );
    assert.match(
      messages[5]!,
      /<ActiveParticipant UserID="anna" UserIsRequestor="true" NetworkAccessPointID="10\.1\.2\.3" NetworkAccessPointTypeCode="2"\/>/,
    );
    assert.match(messages[5]!, /<StudyIDs UID="1\.2\.840\.1"\/>/);
    assert.deepEqual(eventOf('login').type, { value: '110122', meaning: 'Login' });
    assert.equal(eventOf('constructor').type?.meaning, 'Use of Restricted Function');
  });
});

test('the commands: accounts, tokens, the log that they leave, its verification and export', async () => {
  const dataDir = temporaryDirectory('commands');
  const chestAi = async (...given: readonly string[]) => {
    const { stdout } = await run(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...given], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir, MODEL_DIR: twoFindingModel },
    });
    return stdout;
  };
  const added = await chestAi('accounts', 'add', 'anna', '--role', 'reader', '--role', 'operator');
  assert.match(added, /account anna added; the password.*:\n([a-z2-9]{5}-){3}[a-z2-9]{5}\n/);
  assert.match(await chestAi('tokens', 'add', 'viewer', '--role', 'service', '--days', '30'), /\nchest-ai_[\w-]{43}\n/);
  assert.match(await chestAi('accounts', 'list'), /anna +reader, operator +local/);
  await assert.rejects(chestAi('accounts', 'add', 'anna', '--role', 'reader'), /expected a new name/);
  await assert.rejects(chestAi('accounts', 'add', 'otto', '--role', 'root'), /expected --role as one of/);
  await chestAi('accounts', 'disable', 'anna');
  await chestAi('tokens', 'revoke', 'viewer');
  const verification = JSON.parse(await chestAi('audit', 'verify', '--json')) as {
    intact: boolean;
    entries: number;
    head: { seq: number; hash: string };
  };
  assert.deepEqual([verification.intact, verification.entries], [true, 10], 'each action has two entries: intended, done or failed');
  const lines = (await chestAi('audit', 'export'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { action: string; actor: string; outcome: string });
  assert.deepEqual(
    lines.map(({ action, outcome }) => `${action} ${outcome}`),
    [
      'account.add intended',
      'account.add done',
      'token.add intended',
      'token.add done',
      'account.add intended',
      'account.add failed',
      'account.disable intended',
      'account.disable done',
      'token.revoke intended',
      'token.revoke done',
      'audit.export done',
    ],
  );
  assert.ok(lines.every(({ actor }) => actor.startsWith('command:')));
  assert.match(await chestAi('audit', 'export', '--format', 'atna', '--after', '8'), /^<\?xml.*token\.revoke.*\n<\?xml.*\n<\?xml.*\n$/);
  assert.match(await chestAi('audit', 'verify', '--head', `${verification.head.seq}:${verification.head.hash}`), /intact: 12 entries/);
  await assert.rejects(
    chestAi('audit', 'verify', '--head', `${verification.head.seq}:${'0'.repeat(64)}`),
    (error: { code?: number; stdout?: string }) => error.code === 1 && /TAMPERED WITH at entry 10/.test(error.stdout ?? ''),
  );
});
