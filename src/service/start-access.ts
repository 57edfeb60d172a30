import { publicAddress } from '../lib/public-address.js';
import { openAuditLog, type AuditLog } from '../audit/audit-log.js';
import type { Config } from '../config.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { openAccess, type Access } from '../server/access/access.js';
import { administrationOf, type Administration } from '../server/access/administration.js';
import { ensureFirstAccount } from '../server/access/first-account.js';
import type { OpenIdSettings } from '../server/access/openid.js';
import type { Store } from '../store/store.js';

export interface StartedAccess {
  readonly access: Access;
  readonly administration: Administration;
  readonly audit: AuditLog;
  readonly auditEntries: Store['audit'];
}

/** Access control. At the very first start it creates an account, whose password stands in a file of DATA_DIR. */
export async function startAccess(config: Config, store: Store, log: Log): Promise<StartedAccess> {
  const audit = openAuditLog(store.audit, log);
  const file = await ensureFirstAccount(store.accounts, audit, config.dataDir);
  if (file) log.info('the first account was created; its name and password are in a file', { file });
  const { sessionIdleMinutes, sessionHours } = config.access;
  const access = openAccess(store, audit, {
    sessions: { idleMs: sessionIdleMinutes * 60_000, maxMs: sessionHours * 3_600_000 },
    openId: openIdOf(config),
    publicUrl: config.server.publicUrl,
    metricsToken: config.access.metricsToken,
    dataDir: config.dataDir,
  });
  return { access, administration: administrationOf(store, audit, config.dataDir), audit, auditEntries: store.audit };
}

function openIdOf({ access: { oidc }, server: { publicUrl } }: Config): OpenIdSettings | undefined {
  if (!oidc) return undefined;
  if (!publicUrl)
    throw new Fault('config-invalid', 'access.oidc needs server.publicUrl (PUBLIC_URL): the provider sends people back there');
  return { ...oidc, redirectUrl: publicAddress(publicUrl, '/api/login/oidc/callback') };
}
