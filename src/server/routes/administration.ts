import { z } from 'zod';
import { sessionSecretOf } from '../access/authenticate.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { accountSchema, roleListSchema, sessionSchema, tokenSchema } from '../schemas/access.js';

const newAccount = z.strictObject({ name: z.string().max(100), roles: roleListSchema });
const rolesBody = z.strictObject({ roles: roleListSchema });
const newToken = z.strictObject({
  name: z.string().max(100),
  roles: roleListSchema,
  days: z.number().int().min(1).max(3650).optional().describe('days until it expires'),
});
const limit = '4kb';
const dayMs = 86_400_000;

/** Accounts and tokens, for administrators. Passwords and tokens are made here and shown once. */
export function administrationRoutes({ administration, access }: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/accounts',
      access: 'admin',
      summary: 'Accounts',
      reply: { json: z.array(accountSchema).readonly() },
      handle: async () =>
        (await administration.listAccounts()).map(({ createdAt, lastLoginAt, ...one }) => ({
          ...one,
          createdAt: createdAt.toISOString(),
          lastLoginAt: lastLoginAt?.toISOString() ?? null,
        })),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts',
      access: 'admin',
      summary: 'Add an account; the reply holds its first password',
      body: { schema: newAccount, limit },
      reply: { json: z.object({ password: z.string().optional() }), statuses: [201] },
      handle: ({ body, actor }) => administration.addAccount(body, actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts/:name/password',
      access: 'admin',
      summary: 'Give an account a new password; the reply holds it',
      reply: { json: z.object({ password: z.string() }) },
      handle: ({ param, actor }) => administration.resetPassword(param('name'), actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts/:name/disable',
      access: 'admin',
      summary: 'Disable an account; its sessions end',
      reply: { empty: 204 },
      handle: ({ param, actor }) => administration.disableAccount(param('name'), actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts/:name/enable',
      access: 'admin',
      summary: 'Enable a disabled account',
      reply: { empty: 204 },
      handle: ({ param, actor }) => administration.enableAccount(param('name'), actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts/:name/roles',
      access: 'admin',
      summary: 'Change the roles of a local account; its sessions end',
      body: { schema: rolesBody, limit },
      reply: { empty: 204 },
      handle: ({ param, body, actor }) => administration.setRoles(param('name'), body.roles, actor),
    }),
    defineRoute({
      method: 'get',
      path: '/api/sessions',
      access: 'admin',
      summary: 'Sessions of users who are logged in',
      reply: { json: z.array(sessionSchema).readonly() },
      handle: async ({ request }) =>
        (await access.listSessions(sessionSecretOf(request, access))).map(({ createdAt, lastSeenAt, ...one }) => ({
          ...one,
          createdAt: createdAt.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
        })),
    }),
    defineRoute({
      method: 'post',
      path: '/api/sessions/:session/end',
      access: 'admin',
      summary: 'End a session',
      reply: { empty: 204 },
      handle: ({ param, actor }) => administration.endSession(param('session'), actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts/:name/end-sessions',
      access: 'admin',
      summary: 'End all sessions of an account',
      reply: { json: z.object({ ended: z.number() }) },
      handle: async ({ param, actor }) => ({ ended: await administration.endSessionsOf(param('name'), actor) }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/tokens',
      access: 'admin',
      summary: 'Tokens of programs',
      reply: { json: z.array(tokenSchema).readonly() },
      handle: async () =>
        (await administration.listTokens()).map(({ createdAt, expiresAt, lastUsedAt, ...one }) => ({
          ...one,
          createdAt: createdAt.toISOString(),
          expiresAt: expiresAt?.toISOString() ?? null,
          lastUsedAt: lastUsedAt?.toISOString() ?? null,
        })),
    }),
    defineRoute({
      method: 'post',
      path: '/api/tokens',
      access: 'admin',
      summary: 'Add a token; it is shown once',
      body: { schema: newToken, limit },
      reply: { json: z.object({ token: z.string() }), statuses: [201] },
      handle: ({ body: { days, ...given }, actor }) =>
        administration.addToken({ ...given, expiresAt: days === undefined ? undefined : new Date(Date.now() + days * dayMs) }, actor),
    }),
    defineRoute({
      method: 'post',
      path: '/api/tokens/:name/revoke',
      access: 'admin',
      summary: 'Revoke a token',
      reply: { empty: 204 },
      handle: ({ param, actor }) => administration.revokeToken(param('name'), actor),
    }),
  ];
}
