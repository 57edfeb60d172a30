import type { Request, RequestHandler } from 'express';
import { Fault } from '../../errors.js';
import { languageOf, loginPage } from '../login-page.js';
import type { Access } from './access.js';
import type { Principal } from './roles.js';

/** All that a stranger may have answered. Whatever stands not here needs a login, also a route that somebody adds and forgets. */
export const publicRoutes: readonly { readonly method: string; readonly path: RegExp }[] = [
  { method: 'GET', path: /^\/login$/ },
  { method: 'POST', path: /^\/api\/login$/ },
  { method: 'GET', path: /^\/api\/login\/oidc(\/callback)?$/ },
];

/** All that somebody may do whose password is known to who made it: the page with its one view, and what that asks for. */
const passwordChangeRoutes = /^\/(api\/(me|password|logout)|password|page\/[\w.-]+)$/;

/** Nothing goes further without a login. People who come with a browser are shown the way in. */
export function requireAuthentication({ openId }: Pick<Access, 'openId'>): RequestHandler {
  return (request, response, next) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (principal?.mustChange && !passwordChangeRoutes.test(request.path)) {
      if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
        response.redirect(303, '/password');
        return;
      }
      throw new Fault('request-refused', 'expected a password of your own first: POST /api/password with current and next');
    }
    if (principal || isOpen(request)) {
      next();
      return;
    }
    if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
      response
        .status(401)
        .type('html')
        .send(loginPage({ openId: openId !== undefined, language: languageOf(request) }));
      return;
    }
    throw new Fault('login-required', 'expected somebody logged in, or the token of a program, found nobody');
  };
}

function isOpen(request: Request): boolean {
  return publicRoutes.some(({ method, path }) => method === request.method && path.test(request.path));
}
