import type { RequestHandler } from 'express';
import { Fault } from '../../errors.js';

/**
 * What a user may do. viewer: see results and images; reader: also assess findings, claim studies and request analyses; operator: also
 * retry, promote, retrain, sign reports of silent trials; admin: also accounts and audit; service: a program, which sends hints and
 * reads results; metrics: a program that reads the figures of /metrics and nothing about a study.
 */
export const roles = ['viewer', 'reader', 'operator', 'admin', 'service', 'metrics'] as const;

export type Role = (typeof roles)[number];

/** The user or program of a request, from `authenticate`; in `response.locals.principal`. */
export interface Principal {
  /** Name in the audit log: an account, or the name of a token. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** An administrator chose the password: the user has to change it before anything else. */
  readonly mustChange?: boolean;
}

/** @param given as the database has them; roles of an earlier or later release are left out */
export function principalOf(name: string, given: readonly string[], mustChange = false): Principal {
  return { name, roles: roles.filter((role) => given.includes(role)), ...(mustChange ? { mustChange } : {}) };
}

const implied: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['metrics'],
  reader: ['viewer', 'metrics'],
  operator: ['viewer', 'metrics'],
  admin: ['viewer', 'reader', 'operator', 'metrics'],
  service: ['viewer', 'metrics'],
  metrics: [],
};

export function mayAct(principal: Principal, role: Role): boolean {
  return principal.roles.some((one) => one === role || implied[one].includes(role));
}

/** Lets requests of users with the role through. */
export function requireRole(role: Role): RequestHandler {
  return (_request, response, next) => {
    const principal = response.locals['principal'] as Principal | undefined;
    if (!principal) throw new Fault('login-required', `expected a user with the role ${role}, found no login`);
    if (!mayAct(principal, role))
      throw new Fault('request-refused', `expected the role ${role}, found ${principal.roles.join(', ') || 'none'}`);
    next();
  };
}
