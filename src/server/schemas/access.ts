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
    lastLoginAt: z.iso.datetime().nullable().describe('null before the first login'),
  })
  .readonly();

export const sessionSchema = z
  .object({
    id: z.string().describe('names the session; no secret'),
    account: z.string(),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    browser: z.string().describe('browser and operating system; empty if unknown'),
    remote: z.string().describe('network address of the login; empty if unknown'),
    own: z.boolean().describe('whether it is the session of this request'),
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

export type ShownAccount = z.infer<typeof accountSchema>;
export type ShownToken = z.infer<typeof tokenSchema>;
export type ShownSession = z.infer<typeof sessionSchema>;
