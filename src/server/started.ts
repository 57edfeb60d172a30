import { Fault } from '../errors.js';
import type { ServerParts, ServerPorts } from './ports/server.js';

/** The running parts. @throws Fault `starting` while they are not there yet */
export function started(parts: ServerParts): ServerPorts {
  const tools = parts.tools();
  if (!tools) throw new Fault('starting', 'try again in a few seconds');
  return tools;
}
