import { z } from 'zod';
import { roles } from '../access/roles.js';

/** Accounts, tokens and sessions, as JSON. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

export const roleListSchema = z.array(z.enum(roles)).min(1).max(roles.length);

export const principalSchema = z
  .object({
    name: z.string(),
    roles: list(z.enum(roles)),
    mustChange: z.boolean().optional().describe('the password has to be changed before anything else'),
    readsReports: z.boolean().optional().describe("whether the texts of radiologists' reports are read"),
  })
  .readonly();

export const accountSchema = z
  .object({
    name: z.string(),
    origin: z.enum(['local', 'oidc']),
    roles: list(z.string()),
    createdAt: z.iso.datetime(),
    disabled: z.boolean(),
  })
  .readonly();

export const tokenSchema = z
  .object({
    name: z.string(),
    roles: list(z.string()),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    revoked: z.boolean(),
  })
  .readonly();
