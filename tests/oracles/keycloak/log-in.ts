import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compose } from '../../support/compose.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free-port.js';
import { TestBrowser } from '../../support/openid-provider.js';
import { temporaryDirectory, withOrthanc } from '../../support/orthanc.js';
import { spawnService } from '../../support/service.js';

/*
 * Called by run.sh with a folder (secrets of deploy/setup.sh, Keycloak's program) and the port of the service. Keycloak gets the environment of
 * docker-compose.yml; only addresses are changed. A member of each group logs in to the service; so does a user who is in no group.
 */
const [folder, port] = process.argv.slice(2) as [string, string];
const secrets = join(folder, 'secrets');
const keycloakPort = await freePort();
const keycloakUrl = `https://localhost:${keycloakPort}`;
const here = (value: string): string =>
  value
    .replace('https://keycloak.localhost:8444', keycloakUrl)
    .replace(/^8444$/, String(keycloakPort))
    .replace('/run/secrets', join(secrets, 'keycloak'));
const keycloakSettings = compose.services['keycloak'] as unknown as {
  readonly command: readonly string[];
  readonly environment: Record<string, string>;
};
const serviceSettings = compose.services['chest-ai-keycloak']!.environment!;

cpSync(join(secrets, 'keycloak/realm.json'), join(folder, 'keycloak/data/import/realm.json'));
const keycloak = spawn(join(folder, 'keycloak/bin/kc.sh'), [...keycloakSettings.command], {
  stdio: ['ignore', 'pipe', 'pipe'],
  detached: true,
  env: {
    ...process.env,
    JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx1g',
    ...Object.fromEntries(Object.entries(keycloakSettings.environment).map(([name, value]) => [name, here(value)])),
  },
});
let log = '';
for (const stream of [keycloak.stdout, keycloak.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
try {
  await eventually(
    'Keycloak is running',
    async () => {
      assert.equal(keycloak.exitCode, null, log);
      assert.equal((await fetch(`${keycloakUrl}/realms/chest-ai/.well-known/openid-configuration`)).status, 200);
    },
    { timeoutMs: 300_000, intervalMs: 1_000 },
  );
  console.log('Keycloak has imported the realm');
  const admin = await administration();
  await withOrthanc(async ({ orthanc }) => {
    const oidc = Object.fromEntries(Object.entries(serviceSettings).filter(([name]) => name.startsWith('OIDC_')));
    const service = await spawnService(orthanc, {
      dataDir: temporaryDirectory('keycloak'),
      environment: {
        ...oidc,
        OIDC_ISSUER: serviceSettings['OIDC_ISSUER']!.replace(/^https:\/\/[^/]*/, keycloakUrl),
        OIDC_CLIENT_SECRET_FILE: join(secrets, 'chest-ai/oidc-client-secret'),
        NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS']!,
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        PORT: port,
        ENGINE: 'onnx-cpu',
      },
    });
    try {
      for (const role of ['viewer', 'reader', 'operator', 'admin']) {
        const browser = await logIn(await admin.addUser(`anna-${role}`, `chest-ai-${role}`));
        const me = await (await browser.request(`http://127.0.0.1:${port}/api/me`)).json();
        assert.deepEqual(me, { name: `anna-${role}`, roles: [role] });
        console.log(`${role}: logged in through Keycloak`);
      }
      const { response } = await logInUntil(await admin.addUser('otto'));
      assert.equal(response.status, 403, 'a user without a group gets no access');
      console.log('a user without a group: refused');
    } finally {
      await service.end();
    }
  });
  await client();
} finally {
  process.kill(-keycloak.pid!, 'SIGKILL');
}

interface User {
  readonly name: string;
  readonly password: string;
}

/** Keycloak's REST API as the administrator that setup made. */
async function administration(): Promise<{ addUser(name: string, group?: string): Promise<User> }> {
  const reply = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'admin',
      password: readFileSync(join(secrets, 'keycloak/keycloak-admin-password'), 'utf8'),
    }),
  });
  const { access_token: token } = (await reply.json()) as { readonly access_token: string };
  assert.ok(token, 'the administrator that setup made');
  return {
    async addUser(name, group) {
      const password = `a long password of ${name}s`;
      const added = await fetch(`${keycloakUrl}/admin/realms/chest-ai/users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          username: name,
          email: `${name}@hospital.example`,
          emailVerified: true,
          firstName: name,
          lastName: 'Example',
          enabled: true,
          groups: group ? [`/${group}`] : [],
          credentials: [{ type: 'password', value: password, temporary: false }],
        }),
      });
      assert.equal(added.status, 201, await added.text());
      return { name, password };
    },
  };
}

/** Through the login page of Keycloak. @returns the service's answer to the browser that comes back */
async function logInUntil({ name, password }: User): Promise<{ readonly browser: TestBrowser; readonly response: Response }> {
  const callback = /\/api\/login\/oidc\/callback/;
  const browser = new TestBrowser();
  const page = await browser.follow(`http://127.0.0.1:${port}/api/login/oidc`, callback);
  const form = await page.response!.text();
  const [, action] = /<form[^>]* action="([^"]+)"/.exec(form) ?? [];
  assert.ok(action, form.slice(0, 2_000));
  const answer = await browser.request(action.replaceAll('&amp;', '&'), { form: { username: name, password, credentialId: '' } });
  const location = answer.headers.get('location');
  assert.ok(
    location && callback.test(location),
    `${name}: Keycloak answers ${answer.status} ${location ?? (await answer.text()).slice(0, 2_000)}`,
  );
  return { browser, response: await browser.request(location) };
}

async function logIn(user: User): Promise<TestBrowser> {
  const { browser, response } = await logInUntil(user);
  assert.equal(response.status, 200, await response.text());
  return browser;
}

/** What the client of the realm refuses. */
async function client(): Promise<void> {
  const ask = (parameters: Record<string, string>): Promise<Response> =>
    fetch(`${keycloakUrl}/realms/chest-ai/protocol/openid-connect/auth?${new URLSearchParams(parameters).toString()}`, {
      redirect: 'manual',
    });
  const own = {
    client_id: 'chest-ai',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: `http://127.0.0.1:${port}/api/login/oidc/callback`,
  };
  assert.equal((await ask({ ...own, redirect_uri: 'http://127.0.0.1:1/elsewhere' })).status, 400, 'another redirect address');
  const withoutPkce = await ask(own);
  assert.match(withoutPkce.headers.get('location') ?? '', /error=invalid_request/, 'a request without PKCE');
  const password = await fetch(`${keycloakUrl}/realms/chest-ai/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'chest-ai',
      client_secret: readFileSync(join(secrets, 'chest-ai/oidc-client-secret'), 'utf8'),
      username: 'otto',
      password: 'a long password of ottos',
    }),
  });
  assert.ok([400, 401].includes(password.status), 'a password is not taken outside the login page');
  console.log('another redirect address, a request without PKCE and a password in place of a code: refused');
}
