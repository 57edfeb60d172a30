import { Fault } from '../errors.js';
import { configSchema, type Config } from './schema.js';

/** Environment variables that override the file, with the setting that each of them stands for. */
const environmentSettings = {
  ORTHANC_URL: ['orthanc', 'url'],
  ORTHANC_USERNAME: ['orthanc', 'username'],
  ORTHANC_PASSWORD: ['orthanc', 'password'],
  ORTHANC_PASSWORD_FILE: ['orthanc', 'passwordFile'],
  ORTHANC_TOKEN_FILE: ['orthanc', 'tokenFile'],
  ORTHANC_CA_FILE: ['orthanc', 'caFile'],
  ANALYSE_ARCHIVE: ['orthanc', 'analyseArchive'],
  DATABASE_URL: ['database', 'url'],
  DATABASE_URL_FILE: ['database', 'urlFile'],
  DATA_DIR: ['dataDir'],
  ROLES: ['roles'],
  HOST: ['server', 'host'],
  PORT: ['server', 'port'],
  HINT_TOKEN: ['server', 'hintToken'],
  HINT_TOKEN_FILE: ['server', 'hintTokenFile'],
  PUBLIC_URL: ['server', 'publicUrl'],
  TRUSTED_PROXIES: ['server', 'trustedProxies'],
  METRICS_TOKEN: ['access', 'metricsToken'],
  METRICS_TOKEN_FILE: ['access', 'metricsTokenFile'],
  OIDC_ISSUER: ['access', 'oidc', 'issuer'],
  OIDC_PROXY: ['access', 'oidc', 'proxy'],
  OIDC_CLIENT_ID: ['access', 'oidc', 'clientId'],
  OIDC_CLIENT_SECRET: ['access', 'oidc', 'clientSecret'],
  OIDC_CLIENT_SECRET_FILE: ['access', 'oidc', 'clientSecretFile'],
  OIDC_ROLES: ['access', 'oidc', 'roles'],
  RESULT_LABELS: ['resultLabels', 'enabled'],
  TIME_ZONE: ['timeZone'],
  MODEL_DIR: ['model', 'directory'],
  VIEWER_DIR: ['viewer', 'directory'],
  ENGINE: ['engine', 'prefer'],
  ROUTING_FILE: ['routingFile'],
  FINDINGS_FILE: ['findingsFile'],
  LOG_LEVEL: ['log', 'level'],
  LOG_FORMAT: ['log', 'format'],
} as const satisfies Record<string, readonly string[]>;

/** @throws Fault `config-invalid` naming the variable, or the setting, and what was expected */
export function applyEnvironment(config: Config, environment: NodeJS.ProcessEnv): Config {
  const changed = structuredClone(config) as Record<string, unknown>;
  for (const [variable, path] of Object.entries(environmentSettings)) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((node, key) => (node[key] ??= {}) as Record<string, unknown>, changed);
    parent[path.at(-1)!] = settingOf(variable, text);
  }
  const result = configSchema.safeParse(changed);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => {
    const variable = Object.entries(environmentSettings).find(([, path]) => path.join('.') === issue.path.join('.'))?.[0];
    return `${variable ? `environment variable ${variable}` : issue.path.join('.')}: ${issue.message}`;
  });
  throw new Fault('config-invalid', mistakes.join('; '));
}

function settingOf(variable: string, text: string): unknown {
  if (variable === 'PORT') return Number(text);
  if (variable === 'TRUSTED_PROXIES' || variable === 'ROLES') return text.split(',').map((one) => one.trim());
  if (variable === 'OIDC_ROLES') return rolesByGroup(text);
  return booleans[text] ?? text;
}

/** `radiology=reader,pacs-team=operator`. A part without a role is left to the schema, which refuses it by name. */
function rolesByGroup(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(',').map((one) => {
      const at = one.lastIndexOf('=');
      return at < 0 ? [one.trim(), ''] : [one.slice(0, at).trim(), one.slice(at + 1).trim()];
    }),
  );
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false };
