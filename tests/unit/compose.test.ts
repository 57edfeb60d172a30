import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { compose, orthancConfigOf, orthancPluginsOf } from '../support/compose.js';

const setup = join(projectRoot, 'deploy/setup.sh');
const folders: string[] = [];

interface Installation {
  readonly secrets: string;
  readonly given: string;
  readonly data: string;
}

function emptyInstallation(): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'chest-ai-setup-'));
  folders.push(folder);
  const [secrets, given, data] = ['secrets', 'given', 'data'].map((name) => join(folder, name)) as [string, string, string];
  for (const name of [given, join(data, 'orthanc'), join(data, 'chest-ai')]) mkdirSync(name, { recursive: true });
  return { secrets, given, data };
}

const runSetup = ({ secrets, given, data }: Installation) => spawnSync('/bin/sh', [setup, secrets, given, data], { encoding: 'utf8' });
const secret = ({ secrets }: Installation, name: string): string => readFileSync(join(secrets, name), 'utf8');

/** Every file below with what can be seen of it: content, owner and mode. */
function stateOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { mode, uid, gid } = statSync(join(folder, name));
      const content = statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), 'hex') : '';
      return `${name} ${mode.toString(8)} ${uid}:${gid} ${content}`;
    });
}

describe('C3: docker compose up from a fresh clone', () => {
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  test('C3: setup makes every secret and a certificate; a second run changes nothing', () => {
    const installation = emptyInstallation();
    const first = runSetup(installation);
    assert.equal(first.status, 0, first.stderr);
    const made = stateOf(installation.secrets);
    const second = runSetup(installation);
    assert.equal(second.status, 0, second.stderr);
    assert.equal(second.stdout, '');
    assert.deepEqual(stateOf(installation.secrets), made);

    const password = secret(installation, 'chest-ai/orthanc-password');
    assert.match(password, /^[0-9a-f]{48}$/);
    assert.deepEqual(JSON.parse(secret(installation, 'orthanc/users.json')), { RegisteredUsers: { 'chest-ai': password } });
    assert.equal(secret(installation, 'orthanc/hint-token'), secret(installation, 'chest-ai/hint-token'));
    assert.equal(
      decodeURIComponent(new URL(secret(installation, 'chest-ai/database-url')).password),
      secret(installation, 'postgres/database-password'),
    );
    assert.equal(secret(installation, 'prometheus/metrics-token'), secret(installation, 'chest-ai/metrics-token'));
    assert.match(secret(installation, 'grafana/grafana-password'), /^[0-9a-f]{48}$/);
    const certificate = new X509Certificate(secret(installation, 'tls/tls.pem'));
    assert.ok(certificate.checkHost('localhost') && certificate.checkIP('127.0.0.1') && certificate.checkIP('::1'));
    const other = emptyInstallation();
    runSetup(other);
    assert.notEqual(secret(other, 'chest-ai/orthanc-password'), password, 'no two installations share a password');
  });

  test('C3: setup takes the passwords and the certificate that are given, and a renewed certificate at the next start', () => {
    const installation = emptyInstallation();
    const give = (name: string, text: string) => writeFileSync(join(installation.given, name), text);
    const authority = (days: number) => {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-days',
          String(days),
          '-subj',
          '/CN=pacs.example',
          '-keyout',
          join(installation.given, 'tls.key'),
          '-out',
          join(installation.given, 'tls.pem'),
        ],
        { stdio: 'pipe' },
      );
      return readFileSync(join(installation.given, 'tls.pem'), 'utf8');
    };
    give('orthanc-password', 'with "quotes" and \\ in it\n');
    give('database-password', 'p@ss/w:rd %41?#ü\n');
    const first = authority(10);
    assert.equal(runSetup(installation).status, 0);
    assert.equal(
      (JSON.parse(secret(installation, 'orthanc/users.json')) as { RegisteredUsers: Record<string, string> }).RegisteredUsers['chest-ai'],
      'with "quotes" and \\ in it',
    );
    assert.equal(decodeURIComponent(new URL(secret(installation, 'chest-ai/database-url')).password), 'p@ss/w:rd %41?#ü');
    assert.equal(secret(installation, 'tls/tls.pem'), first);
    const renewed = authority(400);
    assert.equal(runSetup(installation).status, 0);
    assert.equal(secret(installation, 'tls/tls.pem'), renewed);
    assert.equal(secret(installation, 'tls/tls.key'), readFileSync(join(installation.given, 'tls.key'), 'utf8'));

    give('orthanc-password', 'has $HOME in it');
    const refused = runSetup(installation);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /orthanc-password must hold one line without "\$"/);
  });

  test('C3: setup renews its own certificate when it is about to expire, and completes what an interrupted run left', () => {
    const installation = emptyInstallation();
    runSetup(installation);
    const password = secret(installation, 'chest-ai/database-password');
    const tls = join(installation.secrets, 'tls');
    for (const name of ['tls.key', 'tls.pem']) chmodSync(join(tls, name), 0o600);
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '3',
        '-subj',
        '/CN=localhost',
        '-keyout',
        join(tls, 'tls.key'),
        '-out',
        join(tls, 'tls.pem'),
      ],
      { stdio: 'pipe' },
    );
    rmSync(join(installation.secrets, 'postgres/database-password'));
    rmSync(join(installation.secrets, 'chest-ai/database-url'));
    assert.equal(runSetup(installation).status, 0);
    assert.ok(Date.parse(new X509Certificate(secret(installation, 'tls/tls.pem')).validTo) > Date.now() + 300 * 86_400_000);
    assert.equal(secret(installation, 'postgres/database-password'), password);
    assert.ok(secret(installation, 'chest-ai/database-url').length > 0);
  });

  test('C3: each secret belongs to the account that its service runs as, and to nobody else', {
    skip: process.getuid?.() === 0 ? false : 'only root can give files to other accounts',
  }, () => {
    const installation = emptyInstallation();
    writeFileSync(join(installation.data, 'orthanc/index'), 'of an older release, which ran as root');
    assert.equal(runSetup(installation).status, 0);
    const accounts = {
      orthanc: compose.services['orthanc']!.user,
      postgres: compose.services['postgres']!.user,
      tls: compose.services['tls']!.user,
      prometheus: compose.services['prometheus']!.user,
      grafana: compose.services['grafana']!.user,
      keycloak: compose.services['keycloak']!.user,
      'chest-ai': imageUser(),
    };
    for (const [service, account] of Object.entries(accounts)) {
      const folder = join(installation.secrets, service);
      for (const name of ['.', ...readdirSync(folder)]) {
        const { uid, gid, mode } = statSync(join(folder, name));
        assert.equal(`${uid}:${gid}`, account, `${service}/${name}`);
        assert.equal(mode & 0o077, 0, `${service}/${name}`);
      }
      assert.ok(
        compose.services[service]!.volumes!.some((volume) => volume.startsWith(`secrets-${service}:`) && volume.endsWith(':ro')),
        service,
      );
    }
    assert.equal(
      `${statSync(join(installation.data, 'orthanc/index')).uid}:${statSync(join(installation.data, 'orthanc')).gid}`,
      accounts.orthanc,
    );
  });

  test('C3: no service runs as root, except setup, which has no network', () => {
    for (const [name, { user }] of Object.entries(compose.services)) {
      if (name === 'setup' || name.startsWith('chest-ai')) continue;
      assert.match(user ?? '', /^[1-9]\d*:[1-9]\d*$/, name);
    }
    assert.equal((compose.services['setup'] as { network_mode?: string }).network_mode, 'none');
    for (const [name, { depends_on: after }] of Object.entries(compose.services)) {
      if (name !== 'setup') assert.equal(after?.['setup']?.condition, 'service_completed_successfully', name);
    }
  });

  test("C3: Orthanc's entrypoint gets its one argument, GDCM is off, and names in every script are kept", () => {
    const orthanc = compose.services['orthanc']!;
    // The image: ENTRYPOINT ["/docker-entrypoint.sh"], CMD ["/tmp/orthanc.json"]; an entrypoint of ours drops its CMD.
    const entrypoint = orthanc.entrypoint ?? ['/docker-entrypoint.sh'];
    const parts = [...entrypoint, ...(orthanc.command ?? (orthanc.entrypoint ? [] : ['/tmp/orthanc.json']))];
    const folder = mkdtempSync(join(tmpdir(), 'chest-ai-entrypoint-'));
    folders.push(folder);
    const script = join(folder, 'docker-entrypoint.sh');
    writeFileSync(script, '#!/bin/sh\n[ $# -eq 1 ] || exit 2\necho "$1"\n', { mode: 0o755 });
    const ours = parts.map((part) => part.replaceAll('/docker-entrypoint.sh', script).replaceAll('$$', '$'));
    const started = spawnSync(ours[0]!, ours.slice(1), { encoding: 'utf8' });
    assert.equal(started.status, 0, 'the script of the image ends with 2 unless it gets exactly one argument');
    assert.equal(started.stdout.trim(), '/tmp/orthanc.json');
    assert.deepEqual(orthancPluginsOf(orthanc), ['OrthancDicomWeb', 'OrthancExplorer2']);
    assert.equal(orthancConfigOf(orthanc, {})['DefaultEncoding'], 'Utf8');
  });

  test('C3: both images of the Dockerfile run as the account that the secrets and the volume are given to, and have a health check', () => {
    const stages = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8')
      .split(/^FROM /m)
      .slice(1);
    const shipped = stages.filter((stage) => /^CMD \["node", "bootstrap.mjs", "serve"\]/m.test(stage));
    assert.equal(shipped.length, 2);
    for (const stage of shipped) {
      assert.equal(/^USER (\S+)/m.exec(stage)?.[1], '1000:1000');
      assert.match(stage, /^HEALTHCHECK /m);
      assert.match(stage, /chown 1000:1000 \/var\/lib\/chest-ai/);
    }
  });
});

function imageUser(): string {
  return /^USER (\S+)/m.exec(readFileSync(join(projectRoot, 'Dockerfile'), 'utf8'))![1]!;
}
