import express, { Router } from 'express';
import { z } from 'zod';
import { actorOf } from '../access/actor.js';
import { requireRole, roles } from '../access/roles.js';
import { readBody } from '../read-body.js';
import type { ServerParts } from '../ports/server.js';

const roleList = z.array(z.enum(roles)).min(1).max(roles.length);
const newAccount = z.strictObject({ name: z.string().max(100), roles: roleList });
const rolesBody = z.strictObject({ roles: roleList });
const newToken = z.strictObject({ name: z.string().max(100), roles: roleList, days: z.number().int().min(1).max(3650).optional() });
const dayMs = 86_400_000;

/** Accounts and tokens, for administrators. Passwords and tokens are made here and shown once. */
export function administrationRoutes({ administration }: ServerParts): Router {
  const router = Router();
  const body = express.json({ limit: '4kb' });
  router.use(['/api/accounts', '/api/tokens'], requireRole('admin'));

  router.get('/api/accounts', async (_request, response) => {
    response.json(await administration.listAccounts());
  });
  router.post('/api/accounts', body, async (request, response) => {
    response.status(201).json(await administration.addAccount(readBody(request, newAccount), actorOf(request, response)));
  });
  router.post('/api/accounts/:name/password', async (request, response) => {
    response.json(await administration.resetPassword(String(request.params['name']), actorOf(request, response)));
  });
  router.post('/api/accounts/:name/disable', async (request, response) => {
    await administration.disableAccount(String(request.params['name']), actorOf(request, response));
    response.status(204).end();
  });

  router.post('/api/accounts/:name/enable', async (request, response) => {
    await administration.enableAccount(String(request.params['name']), actorOf(request, response));
    response.status(204).end();
  });
  router.post('/api/accounts/:name/roles', body, async (request, response) => {
    const { roles: next } = readBody(request, rolesBody);
    await administration.setRoles(String(request.params['name']), next, actorOf(request, response));
    response.status(204).end();
  });

  router.get('/api/tokens', async (_request, response) => {
    response.json(await administration.listTokens());
  });
  router.post('/api/tokens', body, async (request, response) => {
    const { days, ...given } = readBody(request, newToken);
    response
      .status(201)
      .json(
        await administration.addToken(
          { ...given, expiresAt: days === undefined ? undefined : new Date(Date.now() + days * dayMs) },
          actorOf(request, response),
        ),
      );
  });
  router.post('/api/tokens/:name/revoke', async (request, response) => {
    await administration.revokeToken(String(request.params['name']), actorOf(request, response));
    response.status(204).end();
  });
  return router;
}
