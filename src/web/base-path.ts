/**
 * The path below which the service is reached, without a slash at its end; empty at the root of a host. The files of the page lie in
 * `page` below it, also where OHIF's page loads them.
 */
export const basePath: string = import.meta.url.startsWith('http') ? basePathOfFile(import.meta.url) : '';

function basePathOfFile(file: string): string {
  return new URL('..', file).pathname.replace(/\/+$/, '');
}

/** The address of a route of the service. @param path from the root of the service: /api/me */
export function belowBase(path: string): string {
  return `${basePath}${path}`;
}
