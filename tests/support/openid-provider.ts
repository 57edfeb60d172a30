import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import { Provider } from 'oidc-provider';
import type { OpenIdSettings } from '../../src/server/access/openid.js';
import { freePort } from './free-port.js';

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  stop(): Promise<void>;
}

/** A certified OpenID provider on this machine; whoever logs in there as NAME belongs to the groups that are given for NAME. */
export async function startOpenIdProvider(redirectUrl: string, groups: Readonly<Record<string, readonly string[]>>): Promise<TestProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const client = { clientId: 'chest-ai', clientSecret: 'a secret between the two' };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
    scopes: ['openid', 'profile', 'email'],
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: `subject-of-${id}`, preferred_username: id, groups: groups[id] ?? [] }),
    }),
  });
  const server = await new Promise<Server>((resolve) => {
    const listening: Server = provider.listen(port, '127.0.0.1', () => resolve(listening));
  });
  return {
    issuer,
    ...client,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Settings of a service that trusts this provider. */
export function openIdSettingsOf(provider: TestProvider, redirectUrl: string, groups: OpenIdSettings['roles']): OpenIdSettings {
  const { issuer, clientId, clientSecret } = provider;
  return {
    issuer,
    clientId,
    clientSecret,
    scope: 'openid profile email',
    nameClaim: 'preferred_username',
    rolesClaim: 'groups',
    roles: groups,
    redirectUrl,
  };
}

/** A browser as far as a login needs one: cookies for each host, redirects one at a time. */
export class TestBrowser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly visited: string[] = [];

  async request(
    url: string,
    options: { readonly method?: string; readonly form?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    this.visited.push(url);
    const response = await fetch(url, {
      method: options.form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), ...(options.form ? { origin } : {}) },
      ...(options.form ? { body: new URLSearchParams(options.form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const at = pair!.indexOf('=');
      const gone = attributes.some((one) => /^\s*(max-age=0|expires=Thu, 01 Jan 1970)/i.test(one));
      if (gone) jar.delete(pair!.slice(0, at));
      else jar.set(pair!.slice(0, at), pair!.slice(at + 1));
    }
    return response;
  }

  /** Follows redirects until the answer is none, or until `stop` is where the next would go. */
  async follow(url: string, stop?: RegExp): Promise<{ readonly url: string; readonly response: Response | undefined }> {
    for (let hops = 0; hops < 20; hops++) {
      if (stop?.test(url)) return { url, response: undefined };
      const response = await this.request(url);
      const location = response.headers.get('location');
      if (!location) return { url, response };
      url = new URL(location, url).href;
    }
    throw new Error(`too many redirects, last ${url}`);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#cookies.get(origin)?.get(name);
  }

  forget(origin: string): void {
    this.#cookies.delete(origin);
  }
}

/** Goes from our login to the provider, gives name and consent there. @returns where the provider sends the browser back to */
export async function logInAtProvider(browser: TestBrowser, url: string, name: string, callback: RegExp): Promise<string> {
  let at = await browser.follow(`${url}/api/login/oidc`, callback);
  for (const prompt of ['login', 'consent']) {
    if (!at.response) break;
    const page = await at.response.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    if (!action) throw new Error(`no form in ${page.slice(0, 500)}`);
    const answer = await browser.request(new URL(action, at.url).href, { form: { prompt, login: name, password: 'any' } });
    at = await browser.follow(new URL(answer.headers.get('location')!, at.url).href, callback);
  }
  return at.url;
}
