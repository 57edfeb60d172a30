import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestHandler, Response } from 'express';

/** How the build of OHIF states where its files lie. */
const publicPath = '__webpack_require__.p = "/";';

/**
 * OHIF's bundles request each other and their workers at the root of the host, where another application is when the service has a base
 * path. Those that do are served with its path put in; others pass.
 *
 * @param address of the viewer, with a slash at its end
 * @param prepare sets the headers of the viewer
 */
export function bundlesBelow(directory: string, address: string, prepare: (response: Response) => Response): RequestHandler {
  const changed = new Map<string, Buffer | undefined>();
  return (request, response, next) => {
    const name = request.path.slice(1);
    if (!/^[\w-]+\.bundle(\.[0-9a-f]+)?\.js$/.test(name)) return next();
    if (!changed.has(name)) changed.set(name, withAddress(join(directory, name), address));
    const content = changed.get(name);
    if (content === undefined) return next();
    prepare(response).set('Cache-Control', 'private, max-age=86400').type('js').send(content);
  };
}

function withAddress(file: string, address: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  return text.includes(publicPath) ? Buffer.from(text.replace(publicPath, publicPath.replace('/', address))) : undefined;
}
