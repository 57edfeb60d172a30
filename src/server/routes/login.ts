import type { Request, Response } from 'express';
import { z } from 'zod';
import { Fault } from '../../errors.js';
import type { Access, LogIn, RequestOrigin } from '../access/access.js';
import { cookieScope, sessionSecretOf } from '../access/authenticate.js';
import {
  authorizationCookieName,
  clearCookie,
  deviceCookieName,
  readCookie,
  sessionCookieName,
  setCookie,
  type CookieScope,
} from '../access/cookie.js';
import { knownForMs } from '../access/known-origins.js';
import { browserOf } from '../access/browser-name.js';
import type { OpenIdAuthorizationRequest } from '../access/openid.js';
import type { Principal } from '../access/roles.js';
import { checkSameOrigin } from '../access/same-origin.js';
import { continuePage } from '../access/require-authentication.js';
import { loginPage, returnPath } from '../login-page.js';
import { lookOf } from '../small-page.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { principalSchema } from '../schemas/access.js';

const text = z.string().max(300);
const next = z.string().max(1_000).optional().describe('path of a page of the service, to which the user goes after the login');
const loginBody = z.strictObject({ name: text, password: text, next });
const passwordBody = z.strictObject({ current: text, next: text });
const limit = '4kb';

const authorizationRequestMs = 10 * 60_000;

/** Logging in and out. Users without scripts use the form of /login; its reply redirects to the page. */
export function loginRoutes({ access, ports }: Pick<ServerParts, 'access' | 'ports'>): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/login',
      access: 'public',
      summary: 'The login page',
      query: z.object({ next }),
      reply: { content: 'text/html' },
      handle({ request, response, query }) {
        const path = returnPath(query.next);
        if (path !== undefined && response.locals['principal'] !== undefined) response.redirect(303, access.basePath + path);
        else
          response
            .type('html')
            .send(loginPage({ openId: access.openId !== undefined, look: lookOf(request), next: path, basePath: access.basePath }));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/login',
      access: 'public',
      summary: 'Log in; the reply sets the session cookie',
      description: 'A form gets a redirect to the page instead of the JSON reply.',
      body: { schema: loginBody, limit, form: true },
      reply: { json: principalSchema, setsCookie: true },
      async handle({ request, response, body }) {
        checkSameOrigin(request, access.publicUrl);
        const { name, password } = body;
        const login = await access.logIn({ name, password, ...originOf(request, access) });
        setSession(request, response, access, login);
        if (request.is('application/x-www-form-urlencoded')) response.redirect(303, access.basePath + (returnPath(body.next) ?? '/'));
        return login.principal;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/logout',
      access: 'signed-in',
      summary: 'End the session',
      reply: { empty: 204 },
      async handle({ request, response }) {
        const secret = sessionSecretOf(request, access);
        if (secret !== undefined) await access.logOut(secret, remoteOf(request));
        const scope = cookieScope(request, access);
        clearCookie(response, sessionCookieName(scope), { ...scope, sameSite: 'strict' });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/me',
      access: 'signed-in',
      summary: 'The user or program that sends the request, with its roles',
      reply: { json: principalSchema },
      handle: ({ response }) => ({
        ...(response.locals['principal'] as Principal),
        ...(ports()?.reports ? { readsReports: true } : {}),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/password',
      access: 'signed-in',
      summary: "Change one's own password; all sessions end",
      body: { schema: passwordBody, limit },
      reply: { empty: 204 },
      async handle({ request, body, actor }) {
        if (sessionSecretOf(request, access) === undefined)
          throw new Fault('login-required', 'expected a user who is logged in by password, found none');
        await access.changePassword({ ...body, name: actor.actor, ...originOf(request, access) });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/login/oidc',
      access: 'public',
      summary: "Log in at the hospital's OpenID provider",
      description: 'Redirects to the provider.',
      query: z.object({ next }),
      reply: { content: 'text/html', statuses: [303] },
      async handle({ request, response, query }) {
        const { url, authorization } = await openIdOf(access).begin();
        const path = returnPath(query.next);
        // Lax, not strict: the way back from the provider begins on its page.
        const scope = cookieScope(request, access);
        setCookie(
          response,
          authorizationCookieName(scope),
          Buffer.from(JSON.stringify({ ...authorization, ...(path ? { next: path } : {}) })).toString('base64url'),
          { ...scope, sameSite: 'lax', maxAgeMs: authorizationRequestMs },
        );
        response.redirect(303, url.href);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/login/oidc/callback',
      access: 'public',
      summary: 'Where the OpenID provider sends the user back',
      reply: { content: 'text/html' },
      async handle({ request, response }) {
        const scope = cookieScope(request, access);
        const { next: path, ...authorization } = authorizationRequestOf(request, scope);
        clearCookie(response, authorizationCookieName(scope), { ...scope, sameSite: 'lax' });
        const at = request.originalUrl.indexOf('?');
        const confirmed = await openIdOf(access).finish(at < 0 ? '' : request.originalUrl.slice(at), authorization);
        setSession(
          request,
          response,
          access,
          await access.logInConfirmed({ ...confirmed, remote: remoteOf(request), browser: browserOf(request.get('User-Agent')) }),
        );
        // A page, not a redirect: a strict cookie is not sent along a way that began on another site.
        response.type('html').send(continuePage(access.basePath + (returnPath(path)?.replaceAll('&', '&#38;') ?? '/')));
      },
    }),
  ];
}

/** For the audit log and the limit of failed logins. */
function remoteOf(request: Request): string {
  return request.ip ?? '';
}

/** The cookie may be anything; one that we did not make is not taken over. */
function originOf(request: Request, access: Access): RequestOrigin {
  const device = readCookie(request, deviceCookieName(cookieScope(request, access)));
  return {
    remote: remoteOf(request),
    browser: browserOf(request.get('User-Agent')),
    session: sessionSecretOf(request, access),
    device: device !== undefined && /^[\w-]{43}$/.test(device) ? device : undefined,
  };
}

function setSession(request: Request, response: Response, access: Access, { secret, device }: LogIn): void {
  const scope = cookieScope(request, access);
  setCookie(response, sessionCookieName(scope), secret, { ...scope, sameSite: 'strict' });
  if (device !== undefined) setCookie(response, deviceCookieName(scope), device, { ...scope, sameSite: 'strict', maxAgeMs: knownForMs });
}

function openIdOf({ openId }: Access) {
  if (!openId) throw new Fault('request-refused', 'no OpenID provider is configured (access.oidc)');
  return openId;
}

const authorizationRequestSchema = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string(), next });

function authorizationRequestOf(request: Request, scope: CookieScope): OpenIdAuthorizationRequest & { readonly next?: string | undefined } {
  const cookie = readCookie(request, authorizationCookieName(scope));
  try {
    return authorizationRequestSchema.parse(JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString('utf8')));
  } catch {
    throw new Fault('login-required', 'this browser did not start this login, or started it more than ten minutes ago; log in again');
  }
}
