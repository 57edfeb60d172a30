import type { Request, RequestHandler } from 'express';
import { Fault } from '../../errors.js';
import type { Access } from './access.js';
import { readCookie, sessionCookieName, type CookieScope } from './cookie.js';
import type { Principal } from './roles.js';
import { checkSameOrigin } from './same-origin.js';

/**
 * Identifies the user or program of a request, by session or token, as `response.locals.principal`; each route names the role that it needs.
 */
export function authenticate(access: Access): RequestHandler {
  return async (request, response, next) => {
    response.locals['principal'] = await identify(request, access);
    next();
  };
}

/** @throws Fault `login-required` for an unknown, expired or revoked token, `request-refused` for a change that another site asks for */
export async function identify(request: Request, access: Access): Promise<Principal | undefined> {
  const authorization = request.get('Authorization');
  if (authorization !== undefined) {
    const [, token] = /^Bearer ([\w.~+/=-]{1,200})$/.exec(authorization) ?? [];
    const principal = token === undefined ? undefined : await access.principalOfToken(token);
    if (!principal)
      throw new Fault('login-required', 'expected "Authorization: Bearer" with a token that is neither unknown, expired nor revoked');
    return principal;
  }
  const secret = sessionSecretOf(request, access);
  if (secret === undefined) return undefined;
  const principal = await access.principalOfSession(secret, { background: isBackground(request) });
  if (principal) checkSameOrigin(request, access.publicUrl);
  return principal;
}

/** A request that the page sends without a user action; the browser reopens the event stream by itself. */
function isBackground(request: Request): boolean {
  return request.get('X-Chest-Ai-Background') !== undefined || request.path === '/api/events' || request.path === '/health';
}

/** Secure: browsers reach us over TLS, here or at a trusted proxy before us. */
export function cookieScope(request: Request, { publicUrl, basePath }: Pick<Access, 'publicUrl' | 'basePath'>): CookieScope {
  return { secure: publicUrl ? publicUrl.startsWith('https:') : request.secure, path: basePath || '/' };
}

export function sessionSecretOf(request: Request, access: Access): string | undefined {
  return readCookie(request, sessionCookieName(cookieScope(request, access)));
}
