import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { Fault } from '../../errors.js';
import type { Access, LogIn, RequestOrigin } from '../access/access.js';
import { isSecure, sessionSecretOf } from '../access/authenticate.js';
import { clearCookie, deviceCookieName, journeyCookieName, readCookie, sessionCookieName, setCookie } from '../access/cookie.js';
import { knownForMs } from '../access/known-origins.js';
import type { OpenIdAuthorizationRequest } from '../access/openid.js';
import type { Principal } from '../access/roles.js';
import { checkSameOrigin } from '../access/same-origin.js';
import { readBody } from '../read-body.js';
import type { ServerParts } from '../ports/server.js';
import { languageOf, loginPage } from '../login-page.js';

const text = z.string().max(300);
const loginBody = z.strictObject({ name: text, password: text });
const passwordBody = z.strictObject({ current: text, next: text });

const authorizationRequestMs = 10 * 60_000;

/** Logging in and out. People without script use the form of /login; it is answered by going on to the page asked for. */
export function loginRoutes({ access }: ServerParts): Router {
  const router = Router();
  const body = express.json({ limit: '4kb' });
  const form = express.urlencoded({ extended: false, limit: '4kb' });

  router.get('/login', (request, response) => {
    response.type('html').send(loginPage({ openId: access.openId !== undefined, language: languageOf(request) }));
  });

  router.post('/api/login', body, form, async (request, response) => {
    checkSameOrigin(request, access.publicUrl);
    const { name, password } = readBody(request, loginBody);
    begin(request, response, access, await access.logIn({ name, password, ...originOf(request, access) }));
  });

  router.post('/api/logout', async (request, response) => {
    const secret = sessionSecretOf(request, access);
    if (secret !== undefined) await access.logOut(secret, remoteOf(request));
    clearCookie(response, sessionCookieName(isSecure(request, access)), {
      secure: isSecure(request, access),
      sameSite: 'strict',
      path: '/',
    });
    response.status(204).end();
  });

  router.get('/api/me', (_request, response) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (!principal) throw new Fault('login-required', 'expected somebody logged in, found nobody');
    response.json(principal);
  });

  router.post('/api/password', body, async (request, response) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (!principal || sessionSecretOf(request, access) === undefined)
      throw new Fault('login-required', 'expected somebody logged in by password, found nobody');
    await access.changePassword({ ...readBody(request, passwordBody), name: principal.name, ...originOf(request, access) });
    response.status(204).end();
  });

  router.get('/api/login/oidc', async (request, response) => {
    const { url, journey } = await openIdOf(access).begin();
    // Lax, not strict: the way back from the provider begins on its page.
    const secure = isSecure(request, access);
    setCookie(response, journeyCookieName(secure), Buffer.from(JSON.stringify(journey)).toString('base64url'), {
      secure,
      sameSite: 'lax',
      path: '/',
      maxAgeMs: authorizationRequestMs,
    });
    response.redirect(303, url.href);
  });

  router.get('/api/login/oidc/callback', async (request, response) => {
    const secure = isSecure(request, access);
    const journey = authorizationRequestOf(request, secure);
    clearCookie(response, journeyCookieName(secure), { secure, sameSite: 'lax', path: '/' });
    const at = request.originalUrl.indexOf('?');
    const confirmed = await openIdOf(access).finish(at < 0 ? '' : request.originalUrl.slice(at), journey);
    keep(request, response, access, await access.logInConfirmed({ ...confirmed, remote: remoteOf(request) }));
    // A page, not a redirect: a strict cookie is not sent along a way that began on another site.
    response
      .type('html')
      .send('<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>orthanc-chest-ai</title><a href="/">Go on</a>');
  });
  return router;
}

/** For the audit log and the limit of failed logins. */
function remoteOf(request: Request): string {
  return request.ip ?? '';
}

/** The cookie may be anything; one that we did not make is not taken over. */
function originOf(request: Request, access: Access): RequestOrigin {
  const device = readCookie(request, deviceCookieName(isSecure(request, access)));
  return {
    remote: remoteOf(request),
    session: sessionSecretOf(request, access),
    device: device !== undefined && /^[\w-]{43}$/.test(device) ? device : undefined,
  };
}

function keep(request: Request, response: Response, access: Access, { secret, device }: LogIn): void {
  const secure = isSecure(request, access);
  setCookie(response, sessionCookieName(secure), secret, { secure, sameSite: 'strict', path: '/' });
  if (device !== undefined)
    setCookie(response, deviceCookieName(secure), device, { secure, sameSite: 'strict', path: '/', maxAgeMs: knownForMs });
}

function begin(request: Request, response: Response, access: Access, login: LogIn): void {
  keep(request, response, access, login);
  if (request.is('application/x-www-form-urlencoded')) response.redirect(303, '/');
  else response.json(login.principal);
}

function openIdOf({ openId }: Access) {
  if (!openId) throw new Fault('request-refused', 'no OpenID provider is configured (access.oidc)');
  return openId;
}

const authorizationRequestSchema = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string() });

function authorizationRequestOf(request: Request, secure: boolean): OpenIdAuthorizationRequest {
  const kept = readCookie(request, journeyCookieName(secure));
  try {
    return authorizationRequestSchema.parse(JSON.parse(Buffer.from(kept ?? '', 'base64url').toString('utf8')));
  } catch {
    throw new Fault('login-required', 'this browser did not begin this login, or more than ten minutes ago; begin again');
  }
}
