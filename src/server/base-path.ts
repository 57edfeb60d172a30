import type { RequestHandler } from 'express';

/**
 * Takes the base path off the address of a request, so that every route stands at the root. A proxy may pass it on or remove it: both
 * arrive at the same route.
 *
 * @param basePath as basePathOf returns it
 */
export function withoutBasePath(basePath: string): RequestHandler {
  return (request, _response, next) => {
    const rest = basePath !== '' && request.url.startsWith(basePath) ? request.url.slice(basePath.length) : undefined;
    if (rest !== undefined && /^([/?]|$)/.test(rest)) {
      request.url = rest.startsWith('/') ? rest : `/${rest}`;
      request.originalUrl = request.url;
    }
    next();
  };
}
