import { Fault } from '../errors.js';
import type { ServerParts, ServerPorts } from './ports.js';

/** What the running service offers. @throws Fault `starting` while it is not there yet */
export function startedPorts(parts: Pick<ServerParts, 'ports'>): ServerPorts {
  const ports = parts.ports();
  if (!ports) throw new Fault('starting', 'try again in a few seconds');
  return ports;
}
