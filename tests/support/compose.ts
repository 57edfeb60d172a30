import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config.js';

export interface ComposeService {
  readonly image?: string;
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

/** docker-compose.yml with its anchors and merge keys resolved. */
export const compose = parse(readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
};

/**
 * The configuration that orthancteam/orthanc makes at its start, by the rules of its documentation: ORTHANC__A__B_C is the setting A.BC, read as
 * JSON where it is JSON; every *.json of /run/secrets is merged in; what nobody sets has the image's defaults.
 */
export function orthancConfigOf(
  { environment = {} }: ComposeService,
  secretFiles: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const configuration: Record<string, unknown> = {
    StorageDirectory: '/var/lib/orthanc/db',
    RemoteAccessAllowed: true,
    AuthenticationEnabled: true,
  };
  for (const [name, text] of Object.entries(secretFiles)) if (name.endsWith('.json')) Object.assign(configuration, JSON.parse(text));
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('ORTHANC__')) continue;
    const path = name
      .slice('ORTHANC__'.length)
      .split('__')
      .map((part) =>
        part
          .split('_')
          .map((word) => word[0] + word.slice(1).toLowerCase())
          .join(''),
      );
    const last = path.pop()!;
    let section = configuration;
    for (const part of path) section = (section[part] ??= {}) as Record<string, unknown>;
    section[last] = asJson(value);
  }
  return configuration;
}

/** The plugins that orthancteam/orthanc loads: two by default, others where a variable asks for them or where they have a section. */
export function orthancPluginsOf({ environment = {} }: ComposeService): readonly string[] {
  const variables = {
    DICOM_WEB_PLUGIN_ENABLED: 'OrthancDicomWeb',
    GDCM_PLUGIN_ENABLED: 'OrthancGdcm',
    ORTHANC_EXPLORER_2_ENABLED: 'OrthancExplorer2',
  };
  const byDefault = new Set(['GDCM_PLUGIN_ENABLED', 'ORTHANC_EXPLORER_2_ENABLED']);
  return Object.entries(variables)
    .filter(([variable]) => (environment[variable] ?? String(byDefault.has(variable))) !== 'false')
    .map(([, plugin]) => plugin);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
