import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, projectRoot } from '../../src/config.js';
import { compose } from '../support/compose.js';

const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');

test('no image runs as root', () => {
  const stages = dockerfile
    .split(/^FROM /m)
    .slice(1)
    .map((text) => ({ name: / AS (\w[\w-]*)/.exec(text.split('\n')[0]!)?.[1], base: text.split(/\s/)[0]!, text }));
  const named = new Map(stages.map((stage) => [stage.name, stage]));
  const userOf = (stage: (typeof stages)[number]): string | undefined =>
    [...stage.text.matchAll(/^USER (\S+)/gm)].at(-1)?.[1] ?? (named.has(stage.base) ? userOf(named.get(stage.base)!) : undefined);
  const shipped = [stages.at(-1)!, ...stages.filter((stage) => /^CMD/m.test(stage.text))];
  assert.ok(shipped.length >= 3, 'the default, the CPU and the GPU image');
  for (const stage of shipped) {
    const user = userOf(stage);
    assert.ok(user !== undefined && user !== 'root' && user !== '0', `stage ${stage.name ?? 'last'} runs as ${user ?? 'root'}`);
  }
});

test('no secret in an image or in docker-compose.yml; each comes as a file', () => {
  assert.doesNotMatch(dockerfile, /^(ENV|ARG).*(PASSWORD|SECRET|TOKEN|DATABASE_URL)/m);
  for (const [name, { environment = {}, secrets = [] }] of Object.entries(compose.services)) {
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASSWORD|SECRET|TOKEN|DATABASE_URL/.test(variable))
        assert.match(`${variable} ${value}`, /^\w+_FILE \/run\/secrets\//, `${name}: ${variable}`);
      assert.doesNotMatch(String(value), /\/\/[^/]*:[^/]*@/, `${name}: ${variable} holds a password`);
    }
    for (const secret of secrets) assert.ok(compose.secrets?.[secret], `${name}: ${secret}`);
  }
});

test('only loopback is opened, and people come in over TLS only', () => {
  const ports = Object.entries(compose.services).flatMap(([name, { ports: own = [] }]) => own.map((port) => ({ name, port })));
  assert.ok(ports.length > 0);
  for (const { name, port } of ports) assert.match(port, /^127\.0\.0\.1:/, name);
  assert.deepEqual(
    ports.filter(({ name }) => name.startsWith('chest-ai')),
    [],
  );
  assert.ok(ports.some(({ name }) => name === 'tls'));
});

const composeProgram = ([['docker', 'compose'], ['docker-compose']] as const).find(
  ([program, ...more]) => spawnSync(program, [...more, 'version']).status === 0,
);

test('compose takes docker-compose.yml, and not one with a mistake', {
  skip: composeProgram ? undefined : 'neither docker compose nor docker-compose is installed',
}, () => {
  const [program, ...more] = composeProgram!;
  const folder = mkdtempSync(join(tmpdir(), 'chest-ai-compose-'));
  const statusOf = (text: string) => {
    writeFileSync(join(folder, 'docker-compose.yml'), text);
    const profiles = ['gpu', 'monitoring', 'keycloak'].flatMap((name) => ['--profile', name]);
    const files = [join(folder, 'docker-compose.yml'), join(projectRoot, 'deploy/monitoring/journal.yml')].flatMap((file) => ['-f', file]);
    return spawnSync(program, [...more, ...files, ...profiles, 'config', '--quiet'], { cwd: folder, encoding: 'utf8' });
  };
  const text = readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8');
  assert.equal(statusOf(text).status, 0, statusOf(text).stderr);
  assert.notEqual(statusOf(text.replace('restart: unless-stopped', 'restrat: unless-stopped')).status, 0);
  rmSync(folder, { recursive: true });
});

test('every secret can come from a file, which goes before the variable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chest-ai-secrets-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `${text}\n`);
    return join(folder, name);
  };
  const config = loadConfig({
    CONFIG_FILE: file('config.yaml', 'access: { oidc: { issuer: "https://login.example", clientId: x, roles: { a: viewer } } }'),
    ORTHANC_PASSWORD_FILE: file('orthanc', 'from-file-1'),
    ORTHANC_PASSWORD: 'from-variable',
    HINT_TOKEN_FILE: file('hint', 'from-file-2'),
    METRICS_TOKEN_FILE: file('metrics', 'from-file-5'),
    DATABASE_URL_FILE: file('database', 'postgres://u:from-file-3@h/d'),
    OIDC_CLIENT_SECRET_FILE: file('oidc', 'from-file-4'),
  });
  assert.deepEqual(
    [config.orthanc.password, config.server.hintToken, config.database.url, config.access.oidc?.clientSecret, config.access.metricsToken],
    ['from-file-1', 'from-file-2', 'postgres://u:from-file-3@h/d', 'from-file-4', 'from-file-5'],
  );
  for (const variable of ['HINT_TOKEN_FILE', 'METRICS_TOKEN_FILE', 'DATABASE_URL_FILE', 'ORTHANC_PASSWORD_FILE'])
    assert.throws(() => loadConfig({ [variable]: '/nowhere' }), /cannot be read/, variable);
});

test('no dependency of the product has a known high or critical vulnerability', (t) => {
  const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: projectRoot, encoding: 'utf8', timeout: 60_000 });
  let report: {
    readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
    readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
  } = {};
  try {
    report = JSON.parse(stdout) as typeof report;
  } catch {
    // No answer at all: the test is skipped below.
  }
  if (!report.metadata) return t.skip(`the registry does not answer npm audit${error ? ` (${error.message})` : ''}`);
  const grave = Object.entries(report.vulnerabilities ?? {})
    .filter(([, { severity }]) => severity === 'high' || severity === 'critical')
    .map(([name]) => name);
  assert.deepEqual(grave, []);
  return undefined;
});
