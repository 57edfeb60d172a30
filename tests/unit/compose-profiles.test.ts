import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadConfig, projectRoot } from '../../src/config.js';
import { compose, type ComposeService } from '../support/compose.js';
import { isFault } from '../support/fault.js';

const folder = mkdtempSync(join(tmpdir(), 'chest-ai-profiles-'));
const secrets = join(folder, 'secrets');
const given = join(folder, 'given');
const runSetup = () => spawnSync('/bin/sh', [join(projectRoot, 'deploy/setup.sh'), secrets, given], { encoding: 'utf8' });
const secret = (name: string): string => readFileSync(join(secrets, name), 'utf8');
mkdirSync(given);
after(() => rmSync(folder, { recursive: true }));

interface Client {
  readonly clientId: string;
  readonly secret: string;
  readonly redirectUris: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly protocolMappers: readonly { readonly protocolMapper: string; readonly config: Readonly<Record<string, string>> }[];
  readonly [setting: string]: unknown;
}
interface Realm {
  readonly realm: string;
  readonly groups: readonly { readonly name: string }[];
  readonly clients: readonly Client[];
  readonly users?: unknown;
  readonly [setting: string]: unknown;
}

describe('profiles of docker-compose.yml', () => {
  const inProfile = (profile: string | undefined): readonly string[] =>
    Object.entries(compose.services)
      .filter(([, { profiles = [] }]) => (profile === undefined ? profiles.length === 0 : profiles.includes(profile)))
      .map(([name]) => name)
      .sort();

  test('each profile adds its services; without one they are as before', () => {
    assert.deepEqual(inProfile(undefined), ['chest-ai', 'orthanc', 'postgres', 'setup', 'tls']);
    assert.deepEqual(inProfile('gpu'), ['chest-ai-gpu']);
    assert.deepEqual(inProfile('monitoring'), ['grafana', 'prometheus']);
    assert.deepEqual(inProfile('keycloak'), ['chest-ai-keycloak', 'keycloak']);
  });

  test('every file and folder that a container mounts is in the repository, and every secret that it names is made by setup', () => {
    assert.equal(runSetup().status, 0);
    for (const [name, { volumes = [], environment = {} }] of Object.entries(compose.services)) {
      for (const [source] of volumes.map((volume) => volume.split(':')))
        if (source!.startsWith('./')) assert.ok(existsSync(join(projectRoot, source!)), `${name}: ${source}`);
      const own = volumes.find((volume) => /^secrets-.*:\/(run\/)?secrets:ro$/.test(volume))?.split(':');
      for (const value of Object.values(environment)) {
        const [, file] = own ? (new RegExp(`^${own[1]}/(.+)$`).exec(value) ?? []) : [];
        if (file) assert.ok(existsSync(join(secrets, own![0]!.replace('secrets-', ''), file)), `${name}: ${value}`);
      }
    }
  });

  test('Prometheus reads the service with the token that the service knows', () => {
    const config = readFileSync(join(projectRoot, 'deploy/monitoring/prometheus/prometheus.yml'), 'utf8');
    assert.match(config, /credentials_file: \/run\/secrets\/metrics-token/);
    assert.ok(compose.services['prometheus']!.volumes!.includes('secrets-prometheus:/run/secrets:ro'));
    for (const [name, one] of Object.entries(compose.services))
      if (name.startsWith('chest-ai'))
        assert.deepEqual((one as unknown as { readonly networks: unknown }).networks, { default: { aliases: ['chest-ai'] } }, name);
    assert.match(config, /names: \[chest-ai\]/);
  });
});

describe('the profile keycloak', () => {
  const service = compose.services['chest-ai-keycloak'] as ComposeService & { readonly environment: Readonly<Record<string, string>> };
  const { environment } = service;
  const realmOf = (): Realm => {
    assert.equal(runSetup().status, 0);
    return JSON.parse(secret('keycloak/realm.json')) as Realm;
  };

  test('the service takes the settings, and each of its roles is given to a group of the realm', () => {
    const realm = realmOf();
    const config = loadConfig({
      ...Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.replace(/^\$\{.*\}$/, '').replace('/run/secrets', join(secrets, 'chest-ai')),
        ]),
      ),
    });
    const oidc = config.access.oidc!;
    assert.equal(new URL(oidc.issuer).pathname, `/realms/${realm.realm}`);
    assert.deepEqual(Object.keys(oidc.roles).sort(), realm.groups.map(({ name }) => name).sort());
    assert.deepEqual(Object.values(oidc.roles).sort(), ['admin', 'operator', 'reader', 'viewer']);
    for (const [group, role] of Object.entries(oidc.roles)) assert.equal(group, `chest-ai-${role}`);
    const [client] = realm.clients;
    assert.deepEqual([client!.clientId, client!.secret], [oidc.clientId, oidc.clientSecret]);
    assert.deepEqual(client!.redirectUris, [`${config.server.publicUrl}/api/login/oidc/callback`]);
    const [mapper] = client!.protocolMappers;
    assert.deepEqual(
      [mapper!.protocolMapper, mapper!.config['claim.name'], mapper!.config['full.path'], mapper!.config['id.token.claim']],
      ['oidc-group-membership-mapper', oidc.rolesClaim, 'false', 'true'],
    );
  });

  test('the realm has no users and no other way in than the login page with PKCE', () => {
    const realm = realmOf();
    assert.equal(realm.users, undefined);
    assert.deepEqual([realm['registrationAllowed'], realm['bruteForceProtected'], realm['sslRequired']], [false, true, 'external']);
    const [client] = realm.clients;
    assert.equal(client!.attributes['pkce.code.challenge.method'], 'S256');
    const ways = ['implicitFlowEnabled', 'directAccessGrantsEnabled', 'serviceAccountsEnabled', 'publicClient', 'fullScopeAllowed'];
    assert.deepEqual(
      ways.map((way) => client![way]),
      ways.map(() => false),
    );
    assert.doesNotMatch(JSON.stringify(realm), /\$\{/, 'every placeholder was replaced');
  });

  test('Keycloak and the service use one address, and the service trusts the certificate for it', () => {
    const { KC_HOSTNAME: hostname, KC_HTTPS_PORT: port } = compose.services['keycloak']!.environment!;
    const issuer = new URL(environment['OIDC_ISSUER']!);
    assert.equal(issuer.origin, hostname);
    assert.equal(issuer.port, port);
    const { networks } = compose.services['keycloak'] as unknown as {
      readonly networks: { readonly default: { readonly aliases: readonly string[] } };
    };
    assert.deepEqual(networks.default.aliases, [issuer.hostname]);
    assert.equal(runSetup().status, 0);
    assert.equal(secret('chest-ai/keycloak.pem'), secret('keycloak/tls.pem'));
  });

  test('a secret that would change the meaning of a file of Keycloak is refused', () => {
    writeFileSync(join(given, 'oidc-client-secret'), 'a"b');
    const refused = runSetup();
    rmSync(join(given, 'oidc-client-secret'));
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /oidc-client-secret must hold one line of letters, digits and/);
    writeFileSync(join(given, 'oidc-client-secret'), 'my-own~secret.1\n');
    assert.equal(realmOf().clients[0]!.secret, 'my-own~secret.1');
  });

  test('OIDC_ROLES without a role, with one that does not exist, or without the rest of the provider is refused', () => {
    const oidc = { OIDC_ISSUER: 'https://login.example', OIDC_CLIENT_ID: 'x' };
    assert.deepEqual(loadConfig({ ...oidc, OIDC_ROLES: 'CN=Readers;OU=X=reader, b = viewer' }).access.oidc!.roles, {
      'CN=Readers;OU=X': 'reader',
      b: 'viewer',
    });
    for (const wrong of ['radiology', 'radiology=', 'radiology=doctor', '=reader'])
      assert.throws(() => loadConfig({ ...oidc, OIDC_ROLES: wrong }), isFault('config-invalid', { detail: /access\.oidc\.roles/ }), wrong);
    assert.throws(() => loadConfig({ OIDC_ROLES: 'a=reader' }), isFault('config-invalid', { detail: /OIDC_ISSUER/ }));
  });
});
