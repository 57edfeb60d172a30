import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { Fault, type FaultCode } from '../../src/errors.js';
import type { ChangeRecord } from '../../src/registry/change-record.js';
import { promoteVersion } from '../../src/registry/promote-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { tinyCandidate } from '../support/tiny-model.js';
import type { Tensors } from '../../src/network/safetensors.js';
import type { ServedNetwork } from '../../src/registry/model-version.js';
import { knownNetwork } from '../../src/network/loadable-network.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chest-ai-versions-'));
  folders.push(folder);
  return folder;
}

const reason = { by: 'test', why: 'because', at: new Date('2026-01-31T02:00:00Z') };
const refused =
  (code: FaultCode) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.code === code;

test('a candidate becomes a version named by its content, once, with all that belongs to it', async () => {
  const registry = openRegistry(join(await emptyFolder(), 'models'));
  assert.deepEqual(await registry.versions(), []);
  assert.equal(await registry.aliases(), undefined);
  const model = await registry.add(tinyCandidate());
  assert.deepEqual(await registry.versions(), [model.version]);
  assert.equal((await registry.add(tinyCandidate())).version, model.version);
  assert.deepEqual((await readdir(model.directory)).sort(), ['CARD.md', 'lineage.json', 'model.json', 'xray.safetensors']);
  assert.equal(tensorsOf(model.networks.xray).size > 0, true);
  assert.equal((await registry.load(model.version)).deviceUID, model.deviceUID);
  const other = await registry.add(tinyCandidate(2e6));
  assert.notEqual(other.deviceUID, model.deviceUID);
  assert.equal((await registry.versions()).length, 2);
  await assert.rejects(registry.load('0123456789ab'), refused('model-unknown'));
  await assert.rejects(registry.load('../../etc'), refused('model-unknown'));
});

test('a candidate that would not make a model leaves nothing behind', async () => {
  const folder = join(await emptyFolder(), 'models');
  const registry = openRegistry(folder);
  const good = tinyCandidate();
  const xray = good.networks.xray as Extract<typeof good.networks.xray, { tensors: unknown }>;
  const broken = new Map(xray.tensors);
  broken.set('fc.bias', { shape: [2], data: Float32Array.of(NaN, 0) });
  await assert.rejects(registry.add({ ...good, networks: { xray: { ...xray, tensors: broken } } }), refused('model-invalid'));
  await assert.rejects(
    registry.add({ ...good, networks: { xray: { ...xray, outputs: xray.outputs.slice(1) } } }),
    refused('model-invalid'),
  );
  assert.deepEqual(await registry.versions(), []);
  assert.deepEqual(await readdir(join(folder, 'versions')), []);
});

test('a network can be kept from another version', async () => {
  const registry = openRegistry(await emptyFolder());
  const first = await registry.add(tinyCandidate());
  const second = await registry.add(
    tinyCandidate(1, {
      networks: {
        xray: tinyCandidate(5).networks.xray!,
        ct: {
          keptFrom: {
            ...first,
            networks: { ct: first.networks.xray! },
            file: { ...first.file, networks: { ct: first.file.networks.xray! } },
          },
        },
      },
    }),
  );
  assert.deepEqual([...tensorsOf(second.networks.ct).keys()].sort(), [...tensorsOf(first.networks.xray).keys()].sort());
  for (const [name, { data }] of tensorsOf(second.networks.ct)) assert.deepEqual(data, tensorsOf(first.networks.xray).get(name)!.data);
});

test('what was changed on the disk after it was written is not served', async () => {
  const registry = openRegistry(await emptyFolder());
  const { version, directory } = await registry.add(tinyCandidate());
  const file = join(directory, 'model.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"presentFrom": 0.5', '"presentFrom": 0.4'));
  await assert.rejects(
    registry.load(version),
    (error: unknown) => refused('model-invalid')(error) && /expected the content of version/.test((error as Error).message),
  );
  await writeFile(file, text);
  const weights = join(directory, 'xray.safetensors');
  const bytes = await readFile(weights);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(weights, bytes);
  await assert.rejects(
    registry.load(version),
    (error: unknown) => refused('model-invalid')(error) && /sha256/.test((error as Error).message),
  );
});

test('champion, challenger, promotion and rollback, with their history', async () => {
  const registry = openRegistry(await emptyFolder());
  const [a, b, c] = (await Promise.all([1, 2, 3].map(async (limit) => (await registry.add(tinyCandidate(limit))).version))) as [
    string,
    string,
    string,
  ];
  await assert.rejects(registry.challenge(b, reason), refused('request-invalid'));
  assert.equal((await registry.putFirst(a, reason)).champion, a);
  assert.deepEqual(await registry.challenge(b, reason).then(({ champion, challenger }) => ({ champion, challenger })), {
    champion: a,
    challenger: b,
  });
  await assert.rejects(registry.challenge(a, reason), refused('request-invalid'));
  await assert.rejects(registry.promote(b, reason, c), refused('aliases-changed'));
  const promoted = await registry.promote(b, { ...reason, changeRecord: 'retraining-1' }, a);
  assert.deepEqual([promoted.champion, promoted.challenger, promoted.previous, promoted.changeRecord], [b, null, a, 'retraining-1']);
  await registry.promote(c, reason);
  await assert.rejects(registry.promote(c, reason), refused('request-invalid'));
  await assert.rejects(registry.putFirst(a, reason), refused('request-invalid'));
  assert.equal((await registry.rollback(reason)).champion, b);
  assert.equal((await registry.rollback(reason)).champion, a);
  await assert.rejects(registry.rollback(reason), refused('request-invalid'));
  assert.deepEqual(
    (await registry.history()).map(({ revision, action, champion }) => [revision, action, champion]),
    [
      [1, 'first', a],
      [2, 'challenge', a],
      [3, 'promote', b],
      [4, 'promote', c],
      [5, 'rollback', b],
      [6, 'rollback', a],
    ],
  );
  // A rollback of a promotion after rollbacks goes to where that promotion came from.
  await registry.promote(c, reason);
  assert.equal((await registry.rollback(reason)).champion, a);
});

test('of many changes at once each finds its own place; none is lost, none half-done', async () => {
  const folder = await emptyFolder();
  const versions = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async (limit) => (await openRegistry(folder).add(tinyCandidate(limit))).version),
  );
  await openRegistry(folder).putFirst(versions[0]!, reason);
  const outcomes = await Promise.allSettled(versions.slice(1).map((version) => openRegistry(folder).promote(version, reason)));
  const won = outcomes.filter(({ status }) => status === 'fulfilled').length;
  assert.ok(won >= 1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.ok(refused('aliases-changed')(outcome.reason), String(outcome.reason));
  const history = await openRegistry(folder).history();
  assert.deepEqual(
    history.map(({ revision }) => revision),
    Array.from({ length: won + 1 }, (_, index) => index + 1),
  );
  for (const [index, state] of history.entries()) assert.equal(state.previous, history[index - 1]?.champion ?? null);
});

test('a folder from elsewhere is taken after checking all of it, and only what belongs to a model', async () => {
  const registry = openRegistry(await emptyFolder());
  const starter = await registry.importFolder(twoFindingModel);
  assert.deepEqual((await readdir(starter.directory)).sort(), [
    'CARD.md',
    'ct.safetensors',
    'lineage.json',
    'metrics.json',
    'model.json',
    'xray.safetensors',
  ]);
  const damaged = join(await emptyFolder(), 'starter');
  await cp(twoFindingModel, damaged, { recursive: true });
  await writeFile(join(damaged, 'ct.safetensors'), 'nothing');
  await assert.rejects(registry.importFolder(damaged), refused('model-invalid'));
  await assert.rejects(registry.importFolder(join(damaged, 'absent')), refused('model-invalid'));
  assert.deepEqual(await registry.versions(), [starter.version]);
});

test('killed in the middle of writing, time and again: what is listed is whole, and the champion can always be served', async () => {
  const folder = await emptyFolder();
  await mkdir(folder, { recursive: true });
  let halfWritten = 0;
  // On until a kill has hit a version in the making, which is a matter of chance.
  for (let round = 0; round < 6 || (halfWritten === 0 && round < 60); round++) {
    const child = spawn(process.execPath, [join(projectRoot, 'dist/tests/support/registry-writer.js'), folder, String(round * 1000)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let done = 0;
    await new Promise<void>((resolve) => {
      // After its first version it is killed at a moment of its own in each round.
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), 3 + ((round * 7) % 47)));
      child.stdout.on('data', () => done++);
      child.once('exit', () => resolve());
    });
    assert.ok(done > 0);
    halfWritten += (await readdir(join(folder, 'versions'))).filter((name) => name.startsWith('.unfinished-')).length;
    const registry = openRegistry(folder);
    for (const version of await registry.versions()) assert.equal((await registry.load(version)).card.length, 2_000_000);
    const { champion } = (await registry.aliases())!;
    assert.equal((await registry.load(champion)).version, champion);
  }
  assert.ok(halfWritten > 0, 'no kill hit a version in the making: the test proves nothing');
});

test('D22: one change record that is damaged or of a later release is named and hides no other; a promotion finds its own', async () => {
  const folder = join(await emptyFolder(), 'models');
  const registry = openRegistry(folder);
  const record = (id: string, startedAt: string): ChangeRecord => ({
    id,
    startedAt,
    endedAt: startedAt,
    by: 'schedule',
    codeVersion: '0',
    engine: '',
    seed: 1,
    challenger: null,
    champion: null,
    lineage: null,
    decision: null,
    outcome: 'failed',
    why: 'because',
    figures: { challenger: null, champion: null },
    notes: [],
  });
  await registry.recordChange(record('retraining-1', '2026-01-31T02:00:00Z'));
  await registry.recordChange(record('gate-2', '2026-02-01T02:00:00Z'));
  await writeFile(join(folder, 'changes', 'retraining-3.json'), '{"id": "retraining-3", "startedA');
  await writeFile(
    join(folder, 'changes', 'retraining-4.json'),
    JSON.stringify({ ...record('retraining-4', '2026-03-01T02:00:00Z'), newInALaterRelease: 1 }),
  );
  assert.deepEqual(await registry.changes(), ['gate-2', 'retraining-1']);
  assert.deepEqual((await registry.unreadableChanges()).map(({ id }) => id).sort(), ['retraining-3', 'retraining-4']);
  assert.match((await registry.unreadableChanges()).map(({ why }) => why).join(), /newInALaterRelease/);
  assert.equal((await registry.lastRun())?.id, 'retraining-1');
  await assert.rejects(registry.change('retraining-3'), refused('model-invalid'));
  const { version } = await registry.add(tinyCandidate());
  await assert.rejects(promoteVersion(registry, version, { by: 'test', withoutGate: false, at: new Date() }), refused('request-invalid'));
  assert.equal((await promoteVersion(registry, version, { by: 'test', withoutGate: true, why: 'test', at: new Date() })).champion, version);
});

test('D22: a rollback that a promotion overtakes is refused, and does not roll back to another version than the one it chose', async () => {
  const folder = await emptyFolder();
  const registry = openRegistry(folder);
  const [a, b, c] = (await Promise.all([1, 2, 3].map(async (limit) => (await registry.add(tinyCandidate(limit))).version))) as [
    string,
    string,
    string,
  ];
  await registry.putFirst(a, reason);
  await registry.promote(b, reason);
  for (let round = 0; round < 10; round++) {
    const before = (await registry.history()).length;
    const [rolledBack, promoted] = await Promise.allSettled([
      openRegistry(folder).rollback(reason),
      openRegistry(folder).promote(c, reason),
    ]);
    const history = await registry.history();
    // Whatever order they came in, each rollback leads to the champion before the one that it replaced.
    const stack: string[] = [];
    for (const { action, champion, previous } of history) {
      if (action === 'rollback') {
        assert.equal(stack.pop(), previous);
        assert.equal(stack.at(-1), champion);
      } else stack.push(champion);
    }
    assert.ok(history.length > before);
    for (const one of [rolledBack, promoted])
      if (one.status === 'rejected') assert.ok(refused('aliases-changed')(one.reason), String(one.reason));
    const { champion } = (await registry.aliases())!;
    if (champion === c) await registry.rollback(reason);
    if ((await registry.aliases())!.champion === a) await registry.promote(b, reason);
  }
});

test('L7: a link in a folder from elsewhere is refused, and nothing of what it leads to is taken', async () => {
  const outside = await emptyFolder();
  await writeFile(join(outside, 'secret'), 'the password');
  for (const name of ['CARD.md', 'lineage.json', 'metrics.json', 'xray.safetensors', 'reference.json']) {
    const folder = join(await emptyFolder(), 'starter');
    await cp(twoFindingModel, folder, { recursive: true });
    await rm(join(folder, name), { force: true });
    await symlink(join(outside, 'secret'), join(folder, name));
    const registry = openRegistry(await emptyFolder());
    await assert.rejects(
      registry.importFolder(folder),
      (error: unknown) =>
        refused('model-invalid')(error) &&
        /expected a regular file, found a link/.test((error as Error).message) &&
        (error as Error).message.includes(name),
    );
    assert.deepEqual(await registry.versions(), []);
  }
});

test('L7: the card of a version is under its checksum: another one is not shown', async () => {
  const registry = openRegistry(await emptyFolder());
  const model = await registry.add(tinyCandidate());
  assert.notEqual((await registry.add(tinyCandidate(1e6, { card: '# Another card' }))).version, model.version);
  await writeFile(join(model.directory, 'CARD.md'), '# For diagnosis');
  await assert.rejects(
    registry.load(model.version),
    (error: unknown) => refused('model-invalid')(error) && /CARD\.md/.test((error as Error).message),
  );
  await rm(join(model.directory, 'CARD.md'));
  await assert.rejects(registry.load(model.version), refused('model-invalid'));
});

function tensorsOf(served: ServedNetwork | undefined): Tensors {
  return knownNetwork(served!.network, 'test').tensors;
}
