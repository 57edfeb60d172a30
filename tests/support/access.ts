import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openAccess, type AccessSettings } from '../../src/server/access/access.js';
import { administrationOf } from '../../src/server/access/administration.js';
import { firstAccountName, firstLoginFile } from '../../src/server/access/first-account.js';
import { openMetrics } from '../../src/server/metrics.js';
import type { ServerParts } from '../../src/server/ports.js';
import type { Store } from '../../src/store/store.js';

/** What a server needs to know who asks, over a real store. */
export function accessParts(store: Store, settings: Partial<AccessSettings> = {}): Omit<ServerParts, 'hintToken' | 'wake' | 'ports'> {
  const audit = openAuditLog(store.audit, silentLog);
  const access = openAccess(store, audit, { sessions: { idleMs: 60_000, maxMs: 3_600_000 }, dataDir: '/nowhere', ...settings });
  const files = {
    softwareVersion: '0',
    pageDirectory: join(projectRoot, 'dist/web'),
    guideDirectory: join(projectRoot, 'docs'),
    viewer: {},
    uploads: { directory: '/nowhere', maxBytes: 1 },
  };
  return {
    access,
    administration: administrationOf(store, audit),
    audit,
    auditEntries: store.audit,
    metrics: openMetrics('test', 'test'),
    web: true,
    trustedProxies: [],
    ...files,
  };
}

/** Headers of a browser that has logged in. */
export interface LoggedIn {
  readonly cookie: string;
  readonly origin: string;
}

/** What the tests change the password of the first account to. */
export const ownPassword = 'my own long words for tests';

/** Logs in as the service's first account: at the first time with the password that it wrote down, which has to be changed then. */
export async function logInFirst(url: string, dataDir: string): Promise<LoggedIn> {
  const file = firstLoginFile(dataDir);
  if (existsSync(file)) {
    const [name, password] = readFileSync(file, 'utf8').trim().split('\n');
    const first = await logIn(url, name!, password!);
    const { origin } = new URL(url);
    const changed = await fetch(`${origin}/api/password`, {
      method: 'POST',
      headers: { ...first, 'content-type': 'application/json' },
      body: JSON.stringify({ current: password, next: ownPassword }),
    });
    if (!changed.ok) throw new Error(`password: ${changed.status} ${await changed.text()}`);
  }
  return logIn(url, firstAccountName, ownPassword);
}

export async function logIn(url: string, name: string, password: string): Promise<LoggedIn> {
  const { origin } = new URL(url);
  const response = await fetch(`${origin}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ name, password }),
  });
  if (!response.ok) throw new Error(`login: ${response.status} ${await response.text()}`);
  const [cookie] = response.headers.getSetCookie();
  return { cookie: cookie!.split(';')[0]!, origin };
}
