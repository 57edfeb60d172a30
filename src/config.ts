import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfigFile } from './config-file.js';
import { deprecatedSettings, warnOfDeprecation, type Warn } from './config/deprecated-names.js';
import { modelLinesOf } from './config/model-lines.js';
import { applyEnvironment } from './config/environment.js';
import { withChannelSecrets } from './config/messages.js';
import type { RadiologyReportsSettings } from './config/radiology-reports.js';
import { configSchema, type Config } from './config/schema.js';
import { Fault } from './errors.js';

export { processRoles, type Config, type ProcessRole } from './config/schema.js';
export { applyTimeZone, setTimeZone, type LocalTimeZone } from './config/time-zone.js';
export type {
  ChannelSettings,
  DicomChannelSettings,
  EmailSettings,
  MessageRule,
  MessagesSettings,
  WebhookSettings,
} from './config/messages.js';
export type { StorageCommitmentSettings } from './config/storage-commitment.js';
export type { ResultLabelSettings } from './config/result-labels.js';
export { readsReports, type Hl7ListenerSettings, type RadiologyReportsSettings } from './config/radiology-reports.js';
export { modelLine, modelLinesOf, type ModelLine } from './config/model-lines.js';

/** The folder that contains package.json, config/ and models/, wherever the compiled code lies below it. */
export const projectRoot = findProjectRoot();

/**
 * Settings from, in rising order of precedence: defaults, config/default.yaml (or CONFIG_FILE), the environment.
 * Relative paths are relative to the project's folder.
 *
 * @param given options of a command, under the names of the variables that they override
 * @param warn receives one sentence for each deprecated key
 * @throws Fault `config-invalid` naming file and line, or the variable
 */
export function loadConfig(
  variables: NodeJS.ProcessEnv = process.env,
  given: Readonly<Record<string, string>> = {},
  warn: Warn = warnOfDeprecation,
): Config {
  const environment = { ...variables, ...given };
  const file = environment['CONFIG_FILE'] ?? resolve(projectRoot, 'config/default.yaml');
  if (environment['CONFIG_FILE'] && !existsSync(file)) throw new Fault('config-invalid', `CONFIG_FILE names ${file}, which does not exist`);
  const fromFile = existsSync(file) ? loadConfigFile(file, configSchema, deprecatedSettings, warn) : configSchema.parse({});
  const merged = applyEnvironment(fromFile, environment);
  const { oidc } = merged.access;
  const config: Config = {
    ...merged,
    orthanc: { ...merged.orthanc, ...secretFrom(merged.orthanc, 'password', 'passwordFile', 'orthanc') },
    server: { ...merged.server, ...secretFrom(merged.server, 'hintToken', 'hintTokenFile', 'server') },
    database: { ...merged.database, ...secretFrom(merged.database, 'url', 'urlFile', 'database') },
    access: {
      ...merged.access,
      ...secretFrom(merged.access, 'metricsToken', 'metricsTokenFile', 'access'),
      ...(oidc ? { oidc: { ...oidc, ...secretFrom(oidc, 'clientSecret', 'clientSecretFile', 'access.oidc') } } : {}),
    },
    messages: withChannelSecrets(merged.messages, environment, (file, setting) => secretIn(fromRoot(file), setting)),
    dataDir: fromRoot(merged.dataDir),
    model: { ...merged.model, directory: fromRoot(merged.model.directory) },
    models: merged.models.map(({ directory, ...line }) => ({ ...line, ...(directory ? { directory: fromRoot(directory) } : {}) })),
    viewer: { cache: fromRoot(merged.viewer.cache), ...(merged.viewer.directory ? { directory: fromRoot(merged.viewer.directory) } : {}) },
    radiologyReports: reportsFromRoot(merged.radiologyReports),
    routingFile: fromRoot(merged.routingFile),
    findingsFile: fromRoot(merged.findingsFile),
  };
  modelLinesOf(config);
  return config;
}

/** Docker and Kubernetes pass secrets as files: the content of the file takes precedence over the setting. */
function secretFrom<Name extends string, FileName extends string>(
  settings: { readonly [key in Name | FileName]?: string | undefined },
  name: Name,
  fileName: FileName,
  section: string,
): { readonly [key in Name]?: string } {
  const file = settings[fileName];
  return file ? ({ [name]: secretIn(file, `${section}.${fileName}`) } as { readonly [key in Name]?: string }) : {};
}

function secretIn(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (cause) {
    throw new Fault('config-invalid', `${setting} ${file} cannot be read`, {}, { cause });
  }
}

function reportsFromRoot({ hl7, rulesFile, ...reports }: RadiologyReportsSettings): RadiologyReportsSettings {
  const tls = hl7?.tls;
  const files = tls && { cert: fromRoot(tls.cert), key: fromRoot(tls.key), ...(tls.ca === undefined ? {} : { ca: fromRoot(tls.ca) }) };
  return { ...reports, rulesFile: fromRoot(rulesFile), ...(hl7 ? { hl7: { ...hl7, ...(files ? { tls: files } : {}) } } : {}) };
}

function fromRoot(path: string): string {
  return resolve(projectRoot, path);
}

function findProjectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(resolve(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json not found above the program');
    folder = parent;
  }
  return folder;
}
