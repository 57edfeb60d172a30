import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { describe, test } from 'node:test';
import { databaseSocket } from '../../src/store/socket-frames.js';
import { logIn } from '../support/access.js';
import { chestAi, type CommandRun } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

const actor = `command:${userInfo().username}`;

describe('commands beside a service with the embedded database', () => {
  const pacs = useOrthanc();

  test('usability 11: every command that uses the database works while the service runs, on record with the user of the system', async () => {
    const dataDir = temporaryDirectory('beside');
    const service = await startTestService(pacs.orthanc, { dataDir });
    const { orthanc } = pacs;
    const environment = {
      DATA_DIR: dataDir,
      ORTHANC_URL: orthanc.url,
      ...(orthanc.username === undefined ? {} : { ORTHANC_USERNAME: orthanc.username }),
      ...(orthanc.password === undefined ? {} : { ORTHANC_PASSWORD: orthanc.password }),
    };
    const ran: string[] = [];
    /** Commands that write run one after the other, so that each sees what the one before did. */
    const run = async (args: readonly string[], codes: readonly number[] = [0]): Promise<CommandRun> => {
      const done = await chestAi(args, environment, 120_000);
      assert.ok(codes.includes(done.code ?? -1), `${args.join(' ')}: ${done.code}\n${done.stderr}\n${done.stdout}`);
      assert.doesNotMatch(done.stderr, /already uses this data directory/);
      ran.push(args.slice(0, 2).join(' '));
      return done;
    };
    try {
      const { studyInstanceUID, files } = chestStudy('beside');
      await sendByCStore(files, orthanc);
      await eventually('a result', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 90_000,
      });

      const added = await run(['accounts', 'add', 'rita', '--role', 'reader']);
      const password = added.lines.at(-1)!;
      await logIn(service.url, 'rita', password);
      assert.match((await run(['accounts', 'list'])).stdout, /rita\s+reader/);
      await run(['accounts', 'set-roles', 'rita', '--role', 'operator']);
      await run(['accounts', 'disable', 'rita']);
      await assert.rejects(logIn(service.url, 'rita', password), /401/);
      await run(['accounts', 'enable', 'rita']);
      const reset = await run(['accounts', 'reset-password', 'rita']);
      await logIn(service.url, 'rita', reset.lines.at(-1)!);
      const last = await run(['accounts', 'disable', 'admin'], [1]);
      assert.match(last.stderr, /another account with the role admin/, 'the last administrator stays, also by command');

      const headers = { authorization: `Bearer ${(await run(['tokens', 'add', 'board', '--role', 'viewer'])).lines.at(-1)}` };
      const status = async (): Promise<number> => (await fetch(`${service.url}/api/results`, { headers })).status;
      assert.equal(await status(), 200);
      assert.match((await run(['tokens', 'list'])).stdout, /board\s+viewer/);
      await run(['tokens', 'revoke', 'board']);
      assert.equal(await status(), 401);

      assert.match((await run(['results'])).stdout, new RegExp(studyInstanceUID));
      const labels = join(dataDir, 'labels.csv');
      writeFileSync(labels, `study_instance_uid,pneumonia\n${studyInstanceUID},1\n`);
      await run(['labels', 'import', labels, '--reader', 'rita']);
      await eventually('the label', async () => assert.equal((await service.store.labels.statements({})).length > 0, true), {
        timeoutMs: 60_000,
      });
      assert.match((await run(['labels', 'list'])).stdout, new RegExp(`${studyInstanceUID}\\s+pneumonia`));
      await run(['request', studyInstanceUID]);
      await run(['drift'], [0, 3]);
      await run(['models', 'shadow'], [0, 1]);
      await run(['models', 'list']);
      assert.match((await run(['models', 'try', 'champion', '--study', studyInstanceUID], [0, 1])).stderr, /^(?!.*audit log)/s);
      assert.match((await run(['backfill', 'status', '--follow'])).stdout, /No analysis of the archive/);
      await run(['rebuild']);
      assert.match((await run(['erase', '--study', studyInstanceUID, '--dry-run'])).stdout, /./);
      await run(['routes', 'test']);
      assert.match((await run(['doctor'], [0, 1])).stdout, /of the running service/);
      await run(['audit', 'export']);
      await run(['audit', 'fingerprint', 'PatientID', '4711']);
      await run(['audit', 'verify']);

      const recorded = new Set(
        (await service.store.audit.list({ limit: 1000 })).filter((entry) => entry.actor === actor).map(({ action }) => action),
      );
      for (const action of [
        'account.add',
        'account.disable',
        'account.enable',
        'account.roles',
        'account.password',
        'token.add',
        'token.revoke',
        'label.import',
        'study.request',
        'patient.find',
        'audit.export',
      ])
        assert.ok(recorded.has(action), `${action} of ${actor}, found ${[...recorded].join(', ')}`);
      assert.ok(new Set(ran).size >= 20, ran.join(', '));
      assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
      const socket = statSync(databaseSocket(join(dataDir, 'index')));
      assert.equal(socket.mode & 0o777, 0o600, 'only the account of the service may open it');
    } finally {
      await service.stop();
    }
    assert.throws(() => statSync(databaseSocket(join(dataDir, 'index'))), /ENOENT/);
    assert.match((await chestAi(['accounts', 'list'], environment)).stdout, /rita\s+operator/, 'also after the service has ended');
    const alone = await chestAi(['backfill', '--since', '2020-01-01', '--until', '2020-01-02', '--follow'], environment);
    assert.match(alone.stderr, /expected a running service with --follow.*found none; start the service/);
    assert.match((await chestAi(['backfill', 'status'], environment)).stdout, /No analysis of the archive/, 'nothing was started');
  });
});
