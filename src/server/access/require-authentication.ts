import type { Request, RequestHandler } from 'express';
import { Fault } from '../../errors.js';
import { loginPage, returnPath } from '../login-page.js';
import { lookOf } from '../small-page.js';
import type { Access } from './access.js';
import type { Principal } from './roles.js';

/** The routes that need no login. Every other route needs one, also a route that is added later. */
export const publicRoutes: readonly { readonly method: string; readonly path: RegExp }[] = [
  { method: 'GET', path: /^\/login$/ },
  { method: 'POST', path: /^\/api\/login$/ },
  { method: 'GET', path: /^\/api\/login\/oidc(\/callback)?$/ },
];

/** What a user may do whose password an administrator chose: the password view and its requests. */
const passwordChangeRoutes = /^\/(api\/(me|password|logout)|password|page\/[\w.-]+)$/;

/** Stops requests without a login. Browsers get the login page. */
export function requireAuthentication({ openId, basePath }: Pick<Access, 'openId' | 'basePath'>): RequestHandler {
  return (request, response, next) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (principal?.mustChange && !passwordChangeRoutes.test(request.path)) {
      if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
        response.redirect(303, `${basePath}/password`);
        return;
      }
      throw new Fault('request-refused', 'expected a changed password first: POST /api/password with current and next');
    }
    if (principal || isOpen(request)) {
      next();
      return;
    }
    if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
      const next = returnPath(request.originalUrl);
      // A link on another site: the browser does not send the strict cookie of a session along with it. One step from our own page does.
      if (next !== undefined && request.get('Sec-Fetch-Site') === 'cross-site') {
        response
          .status(401)
          .type('html')
          .send(continuePage(`${basePath}/login?next=${encodeURIComponent(next)}`));
        return;
      }
      response
        .status(401)
        .type('html')
        .send(loginPage({ openId: openId !== undefined, look: lookOf(request), next, basePath }));
      return;
    }
    throw new Fault('login-required', 'expected a login or the token of a program, found neither');
  };
}

/** A page that leads to another of ours by itself. @param address without characters that HTML needs quoted */
export function continuePage(address: string): string {
  return `<!doctype html><meta http-equiv="refresh" content="0;url=${address}"><title>orthanc-chest-ai</title><a href="${address}">Continue</a>`;
}

function isOpen(request: Request): boolean {
  return publicRoutes.some(({ method, path }) => method === request.method && path.test(request.path));
}
