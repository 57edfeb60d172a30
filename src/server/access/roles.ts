import type { RequestHandler } from 'express';
import { Fault } from '../../errors.js';

/**
 * What somebody may do. viewer: see results and images; reader: also judge findings; operator: also retry, promote,
 * retrain; admin: also accounts and audit; service: a program, which sends hints and reads results.
 */
export const roles = ['viewer', 'reader', 'operator', 'admin', 'service'] as const;

export type Role = (typeof roles)[number];

/** Who asks, as `authenticate` found out; in `response.locals.principal`. */
export interface Principal {
  /** Name under which deeds are recorded: an account, or the name of a token. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** The password was given by somebody else: nothing may be done but to change it. */
  readonly mustChange?: boolean;
}

/** @param held as the database has them; a role that an earlier or later release knew counts for nothing */
export function principalOf(name: string, held: readonly string[], mustChange = false): Principal {
  return { name, roles: roles.filter((role) => held.includes(role)), ...(mustChange ? { mustChange } : {}) };
}

const implied: Readonly<Record<Role, readonly Role[]>> = {
  viewer: [],
  reader: ['viewer'],
  operator: ['viewer'],
  admin: ['viewer', 'reader', 'operator'],
  service: ['viewer'],
};

export function mayAct(principal: Principal, role: Role): boolean {
  return principal.roles.some((held) => held === role || implied[held].includes(role));
}

/** Lets a request through if whoever asks has the role; for a route that must not be open to all. */
export function requireRole(role: Role): RequestHandler {
  return (_request, response, next) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (!principal) throw new Fault('login-required', `expected somebody logged in as ${role}, found nobody`);
    if (!mayAct(principal, role))
      throw new Fault('request-refused', `expected the role ${role}, found ${principal.roles.join(', ') || 'none'}`);
    next();
  };
}
