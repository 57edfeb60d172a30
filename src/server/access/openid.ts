import * as client from 'openid-client';
import { Fault } from '../../errors.js';
import { fetchThrough } from '../../http/outgoing-fetch.js';
import { checkAccountName } from './account-name.js';
import { roles, type Role } from './roles.js';

export interface OpenIdSettings {
  /** As the provider names itself; https, but for one on this machine. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly scope: string;
  /** Claim that names the person, for the audit log. */
  readonly nameClaim: string;
  /** Claim that lists what the person belongs to; a text or a list of texts. */
  readonly rolesClaim: string;
  /** From what the claim lists to our roles. */
  readonly roles: Readonly<Record<string, Role>>;
  readonly redirectUrl: string;
  /** HTTP proxy through which the provider is reached; without it directly, whatever the environment states. */
  readonly proxy?: string | undefined;
}

/** Stored in the browser between leaving for the provider and coming back, in a cookie that lives ten minutes. */
export interface OpenIdAuthorizationRequest {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** A user as the provider describes them. */
export interface Confirmed {
  /** Issuer and subject: the only claims that a provider never gives to another user. */
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Login by an OpenID provider: authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636). */
export interface OpenIdLogin {
  begin(): Promise<{ readonly url: URL; readonly authorization: OpenIdAuthorizationRequest }>;
  /** @throws Fault `login-required` if the provider does not confirm, `request-refused` if no role follows, `login-provider-unavailable` */
  finish(query: string, authorization: OpenIdAuthorizationRequest): Promise<Confirmed>;
}

export function openIdLogin(settings: OpenIdSettings): OpenIdLogin {
  let discovered: Promise<client.Configuration> | undefined;
  // Discovered at the first login, not at the start: a provider that is down must not prevent the reports.
  const provider = () => {
    discovered ??= discover(settings).catch((cause: unknown) => {
      discovered = undefined;
      throw new Fault('login-provider-unavailable', 'its description could not be read', { source: settings.issuer }, { cause });
    });
    return discovered;
  };
  return {
    async begin() {
      const configuration = await provider();
      const authorization = { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: settings.redirectUrl,
        scope: settings.scope,
        state: authorization.state,
        nonce: authorization.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(authorization.verifier),
        code_challenge_method: 'S256',
      });
      return { url, authorization };
    },

    async finish(query, { state, nonce, verifier }) {
      const configuration = await provider();
      const returned = new URL(settings.redirectUrl);
      returned.search = query;
      const claims = await confirmed(() =>
        claimsOf(
          configuration,
          returned,
          { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
          settings.rolesClaim,
        ),
      );
      const granted = grantedBy(claims[settings.rolesClaim], settings.roles);
      const name = claims[settings.nameClaim];
      if (typeof name !== 'string') throw new Fault('request-refused', `expected a name in the claim ${settings.nameClaim}, found none`);
      checkAccountName(name);
      if (granted.length === 0)
        throw new Fault('request-refused', `expected a value in the claim ${settings.rolesClaim} that access.oidc.roles knows, found none`);
      return { subject: `${claims.iss} ${claims.sub}`, name, roles: granted };
    },
  };
}

function discover({ issuer, clientId, clientSecret, proxy }: OpenIdSettings): Promise<client.Configuration> {
  const url = new URL(issuer);
  const local = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return client.discovery(url, clientId, clientSecret, clientSecret === undefined ? client.None() : undefined, {
    timeout: 10,
    ...(local ? { execute: [client.allowInsecureRequests] } : {}),
    ...(proxy === undefined ? {} : { [client.customFetch]: through(proxy) }),
  });
}

/** The library's options are those of the browser's fetch, of which undici's differ in their types alone. */
function through(proxy: string): client.CustomFetch {
  const outgoing = fetchThrough(proxy);
  return async (url, { body, ...options }) => {
    const request = { ...options, body: body ?? null } as Parameters<typeof outgoing.fetch>[1];
    return (await outgoing.fetch(url, request)) as unknown as Response;
  };
}

type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string };

/** The claims of the ID token; if it has no roles, also those of the UserInfo endpoint. */
async function claimsOf(
  configuration: client.Configuration,
  returned: URL,
  checks: client.AuthorizationCodeGrantChecks,
  rolesClaim: string,
): Promise<Claims> {
  const tokens = await client.authorizationCodeGrant(configuration, returned, checks);
  const claims = tokens.claims()!;
  if (claims[rolesClaim] !== undefined || !configuration.serverMetadata().userinfo_endpoint) return claims;
  const told = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
  return { ...told, ...claims };
}

/** The library's errors quote tokens: only the fact that it failed is passed on. */
async function confirmed<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[A-Z_]{1,60}$/i.test(error.code)
        ? ` (${error.code})`
        : '';
    throw new Fault('login-required', `the login provider did not confirm the login${code}; log in again`);
  }
}

function grantedBy(claim: unknown, mapping: Readonly<Record<string, Role>>): readonly Role[] {
  const values = Array.isArray(claim) ? claim : [claim];
  const granted = new Set(values.flatMap((value) => (typeof value === 'string' && Object.hasOwn(mapping, value) ? [mapping[value]!] : [])));
  return roles.filter((role) => granted.has(role));
}
