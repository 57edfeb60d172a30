import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { loadConfigFile, type RenamedKeys } from './config-file.js';
import { Fault } from './errors.js';
import { profileNames } from './sr/document-profile.js';

/** The folder that holds package.json, config/ and models/, wherever the compiled code lies below it. */
export const projectRoot = findProjectRoot();

const milliseconds = z.number().int().positive();
const count = z.number().int().positive();

/** What one of several processes on a shared database does: reads the change log, reports studies, trains at night, serves people and programs. */
export const processRoles = ['watch', 'work', 'train', 'web'] as const;
export type ProcessRole = (typeof processRoles)[number];

/** Every setting with its default and unit. Unknown keys are refused, so a typing error cannot pass. */
const configSchema = z.strictObject({
  orthanc: z
    .strictObject({
      /** Base address of Orthanc's REST API. Without it a private Orthanc is started. */
      url: z.url({ protocol: /^https?$/, error: 'expected an address such as http://orthanc:8042' }).optional(),
      /** Path of the DICOMweb plugin below the base address. */
      dicomWebPath: z.string().startsWith('/').default('/dicom-web'),
      username: z.string().optional(),
      password: z.string().optional(),
      /** File that holds the password (Docker and Kubernetes secrets). */
      passwordFile: z.string().optional(),
      /** Certificate authority of the hospital, PEM. */
      caFile: z.string().optional(),
      requestTimeoutMs: milliseconds.default(30_000),
      /** The PACS is never asked for more at once, whether by reporting or by viewers. */
      maxConcurrentRequests: count.default(4),
      /** Time between two looks at Orthanc's change log. */
      pollIntervalMs: milliseconds.default(1_000),
      /** Time between two sweeps for studies that should have a result and have none. */
      sweepIntervalMs: milliseconds.default(600_000),
      /** How far back the sweep looks, by Study Date, in days. */
      sweepDays: count.default(7),
      /**
       * At the first contact with a PACS, analyse all that it holds. Otherwise only what arrives from then on, and the studies
       * of the last sweepDays: a hospital's archive of years is nobody's morning work.
       */
      analyseArchive: z.boolean().default(false),
      /** How long to wait before asking again whether a study that is still arriving is stable. */
      stabilityCheckMs: milliseconds.default(2_000),
      /** StableAge of the private Orthanc, in seconds. */
      privateStableAgeSeconds: count.default(5),
    })
    .prefault({}),
  server: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(0).max(65535).default(8787),
      /** Secret that Orthanc's routing.lua sends with its wake-up hint; without it hints are taken from loopback only. */
      hintToken: z.string().optional(),
      hintTokenFile: z.string().optional(),
      /** The address under which browsers reach the service, https behind a proxy with TLS: https://chest-ai.hospital.example */
      publicUrl: z.url({ protocol: /^https?$/, error: 'expected an address such as https://chest-ai.hospital.example' }).optional(),
      /** Addresses or subnets of proxies before the service, whose X-Forwarded-For is believed: 10.0.0.5, 10.0.0.0/8, loopback. */
      trustedProxies: z.array(z.string()).default([]),
    })
    .prefault({}),
  access: z
    .strictObject({
      /** Without a sign of life a login ends after so long. */
      sessionIdleMinutes: count.default(60),
      /** A login ends after so long in any case. */
      sessionHours: count.default(12),
      /** Login by the hospital's OpenID provider; local accounts work beside it. */
      oidc: z
        .strictObject({
          issuer: z.url({ protocol: /^https?$/, error: 'expected an address such as https://login.hospital.example/realms/clinic' }),
          clientId: z.string().min(1),
          clientSecret: z.string().optional(),
          clientSecretFile: z.string().optional(),
          scope: z.string().default('openid profile email'),
          /** Claim that names the person in the audit log. */
          nameClaim: z.string().default('preferred_username'),
          /** Claim that lists groups or roles. */
          rolesClaim: z.string().default('groups'),
          /** From what that claim lists to viewer, reader, operator or admin. */
          roles: z.record(z.string(), z.enum(['viewer', 'reader', 'operator', 'admin'])),
        })
        .optional(),
    })
    .prefault({}),
  database: z
    .strictObject({
      /** postgres://… ; without it an embedded database below dataDir is used. */
      url: z
        .string()
        .regex(/^postgres(ql)?:\/\//, 'expected postgres://user:password@host/database')
        .optional(),
      /** File that holds the address, because it holds a password. */
      urlFile: z.string().optional(),
    })
    .prefault({}),
  /** A process on its own does everything. */
  roles: z
    .array(z.enum(processRoles))
    .min(1)
    .default([...processRoles]),
  viewer: z
    .strictObject({
      /** Folder with OHIF's files (index.html); without it the one that `chest-ai viewer fetch` fills. */
      directory: z.string().optional(),
      /** Where fetched files are kept; shared by all installations of a user. */
      cache: z.string().default(join(homedir(), '.cache/orthanc-chest-ai')),
    })
    .prefault({}),
  uploads: z
    .strictObject({
      /** Files that are dropped on the page may be so large. */
      maxMegabytes: count.default(512),
    })
    .prefault({}),
  /** Folder for the embedded database, the private Orthanc and the journal. */
  dataDir: z.string().default('data'),
  model: z
    .strictObject({
      /** The model of a fresh install; after the first promotion the registry below dataDir decides. */
      directory: z.string().default('models/starter'),
      /** How often a running service looks whether another model was promoted. */
      watchIntervalMs: milliseconds.default(2_000),
    })
    .prefault({}),
  engine: z
    .strictObject({
      prefer: z
        .enum(['auto', 'onnx-cpu', 'onnx-cuda', 'onnx-webgpu', 'tensorflow-gpu', 'tensorflow-cpu', 'tensorflow-webgpu', 'tensorflow-wasm'])
        .default('auto'),
      /** Threads of one inference; 0 lets the engine choose. */
      threads: z.number().int().min(0).default(0),
      /** An engine that gives no answer for so long, and for 20 times as long as it took before, is ended and replaced. */
      answerTimeoutMs: milliseconds.default(60_000),
      /** The same for loading a network and for its first answer: a GPU compiles its kernels then. */
      firstAnswerTimeoutMs: milliseconds.default(300_000),
    })
    .prefault({}),
  work: z
    .strictObject({
      /** Studies in hand at the same time. */
      studies: count.default(4),
      /** Processes that decode. */
      decoders: count.default(2),
      /** Memory of one of them, native code included; a file that needs more is given up. */
      decoderMemoryMb: count.min(256).default(2_048),
      /** A file that takes longer to decode is given up. */
      decodeTimeoutMs: milliseconds.default(60_000),
      /** A study in progress for longer is interrupted and tried again; one that cannot be interrupted makes /health false. */
      studyTimeoutMs: milliseconds.default(1_800_000),
      /** Attempts before a study is parked; an unreachable PACS does not count. */
      maxAttempts: count.default(5),
    })
    .prefault({}),
  report: z
    .strictObject({
      /** Say so in a document when a study was taken by a rule but could not be judged. */
      skippedDocuments: z.boolean().default(true),
      failedDocuments: z.boolean().default(true),
      /** At most so many frontal images of a study are analysed, newest first. */
      maxImages: count.default(4),
      seriesNumber: count.default(9900),
      /** Which documents are written, by what reads them: docs/reference/documents.md. */
      profile: z.enum(profileNames).default('ohif'),
      /** Heat maps as Secondary Capture where a finding is present; without it as the profile says. */
      heatMaps: z.boolean().optional(),
    })
    .prefault({}),
  /** Retraining on what readers have labelled. */
  night: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Cron expression in timeZone. A time that is missed is made up for until three hours later. */
      schedule: z.string().default('0 2 * * *'),
      /** Settled labels that the last night did not have. */
      minimumNewLabels: z.number().int().min(1).default(50),
      /** Then training stops with a checkpoint, and the next night goes on. */
      timeLimitMinutes: z.number().positive().default(240),
      /** Threads of the training process; without it all processors but one: it runs at low priority, and reporting goes before it. */
      threads: count.optional(),
      /** Share of patients that the first night locks for testing, for good. */
      testShare: z.number().min(0.05).max(0.6).default(0.3),
      /** What passes the gate goes into service, or judges in shadow until somebody promotes it. */
      onPass: z.enum(['promote', 'challenge']).default('promote'),
      /** Margins and bounds of the gate, YAML or JSON; the defaults are in docs/reference/gate.md. */
      rulesFile: z.string().optional(),
      seed: z.number().int().min(0).default(42),
      /** Images a step; without it up to 32, as memory allows. */
      batch: z.number().int().min(2).optional(),
      /** Epochs and highest learning rate of the last layer alone, then of all layers (0: not at all). */
      headEpochs: z.number().int().min(0).default(6),
      headRate: z.number().positive().default(3e-3),
      epochs: z.number().int().min(0).default(4),
      rate: z.number().positive().default(1e-4),
      /** How pictures are varied: as fastai does, also against what tells hospitals apart, or not at all. */
      augmentation: z.enum(['fastai', 'robust', 'none']).default('robust'),
    })
    .refine((one) => one.headEpochs + one.epochs > 0, { path: ['epochs'], message: 'expected epochs of the last layer or of all layers' })
    .prefault({}),
  /** Whether what comes in still looks like what the model was trained on: docs/reference/drift.md. */
  drift: z
    .strictObject({
      /** When it is looked at: a cron expression in timeZone, or `never`. */
      schedule: z.string().default('30 6 * * *'),
      /** The studies of so many days are compared with the reference. */
      windowDays: count.default(7),
      /** With fewer on either side nothing is said of a site. */
      minStudies: z.number().int().min(30).default(50),
      /** Of all tests of a look together: how often chance alone may raise an alarm. */
      alpha: z.number().positive().max(0.1).default(0.01),
      /** Least stability index beyond what chance makes of so many studies. */
      minShift: z.number().min(0).default(0.2),
      /** Least fall of agreement with readers, as a share. */
      minFall: z.number().min(0).max(1).default(0.1),
      /** What to call a site, by patterns of Institution Name or Station Name; any other is called by a keyed hash. */
      sites: z
        .record(
          z.string().regex(/^[\w .-]{1,40}$/, 'expected at most 40 letters, digits, blanks, dots and hyphens'),
          z.array(z.string().min(1)),
        )
        .default({}),
    })
    .prefault({}),
  assessments: z
    .strictObject({
      /** Accounts whose assessments are stored as VERIFIED: those who may sign a document. `*` stands for every reader. */
      verifiers: z.array(z.string().min(1)).default([]),
      /** Verifying Organization (0040,A027): for whom they sign. */
      organization: z.string().trim().min(1, 'expected the name of the hospital or department').max(64).optional(),
      /**
       * Systems whose signed documents in the PACS count as labels: AE titles that send by C-STORE, and `http` for what comes by STOW-RS, as this
       * service's own documents do. `*` stands for every system that may store.
       */
      acceptFrom: z.array(z.string().min(1)).default(['*']),
    })
    .refine((one) => one.verifiers.length === 0 || one.organization !== undefined, {
      path: ['organization'],
      message: 'expected the organization for which verifiers sign',
    })
    .prefault({}),
  /**
   * The hospital's time zone, an IANA name: of times that documents state without an offset, of the times that are written, and
   * of the schedules. Without it that of the host.
   */
  timeZone: z.string().refine(isTimeZone, 'expected the IANA name of a time zone, such as Europe/Berlin').optional(),
  routingFile: z.string().default('config/routing.yaml'),
  findingsFile: z.string().default('config/findings.json'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['text', 'json']).default('text'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Of release 0.2.0. */
const renamedKeys: RenamedKeys = { verdicts: 'assessments' };

/** Environment variables that override the file, by the setting they stand for. */
const environmentSettings = {
  ORTHANC_URL: ['orthanc', 'url'],
  ORTHANC_USERNAME: ['orthanc', 'username'],
  ORTHANC_PASSWORD: ['orthanc', 'password'],
  ORTHANC_PASSWORD_FILE: ['orthanc', 'passwordFile'],
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
  OIDC_ISSUER: ['access', 'oidc', 'issuer'],
  OIDC_CLIENT_ID: ['access', 'oidc', 'clientId'],
  OIDC_CLIENT_SECRET: ['access', 'oidc', 'clientSecret'],
  OIDC_CLIENT_SECRET_FILE: ['access', 'oidc', 'clientSecretFile'],
  TIME_ZONE: ['timeZone'],
  MODEL_DIR: ['model', 'directory'],
  VIEWER_DIR: ['viewer', 'directory'],
  ENGINE: ['engine', 'prefer'],
  ROUTING_FILE: ['routingFile'],
  FINDINGS_FILE: ['findingsFile'],
  LOG_LEVEL: ['log', 'level'],
  LOG_FORMAT: ['log', 'format'],
} as const satisfies Record<string, readonly string[]>;

/**
 * Settings from, in rising order: defaults, config/default.yaml (or CONFIG_FILE), the environment.
 * Relative paths are taken from the project's folder.
 *
 * @param given options of a command, under the names of the variables that they go before
 * @throws Fault `config-invalid` naming file and line, or the variable
 */
export function loadConfig(variables: NodeJS.ProcessEnv = process.env, given: Readonly<Record<string, string>> = {}): Config {
  const environment = { ...variables, ...given };
  const file = environment['CONFIG_FILE'] ?? resolve(projectRoot, 'config/default.yaml');
  if (environment['CONFIG_FILE'] && !existsSync(file)) throw new Fault('config-invalid', `CONFIG_FILE names ${file}, which does not exist`);
  const fromFile = existsSync(file) ? loadConfigFile(file, configSchema, renamedKeys) : configSchema.parse({});
  const merged = applyEnvironment(fromFile, environment);
  return {
    ...merged,
    orthanc: { ...merged.orthanc, ...secretFrom(merged.orthanc, 'password', 'passwordFile', 'orthanc') },
    server: { ...merged.server, ...secretFrom(merged.server, 'hintToken', 'hintTokenFile', 'server') },
    database: { ...merged.database, ...secretFrom(merged.database, 'url', 'urlFile', 'database') },
    access: {
      ...merged.access,
      ...(merged.access.oidc
        ? { oidc: { ...merged.access.oidc, ...secretFrom(merged.access.oidc, 'clientSecret', 'clientSecretFile', 'access.oidc') } }
        : {}),
    },
    dataDir: fromRoot(merged.dataDir),
    model: { ...merged.model, directory: fromRoot(merged.model.directory) },
    viewer: { cache: fromRoot(merged.viewer.cache), ...(merged.viewer.directory ? { directory: fromRoot(merged.viewer.directory) } : {}) },
    routingFile: fromRoot(merged.routingFile),
    findingsFile: fromRoot(merged.findingsFile),
  };
}

function isTimeZone(name: string): boolean {
  try {
    // An offset such as +01:00 is taken by some versions of ICU, but knows no summer time.
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

export interface LocalTimeZone {
  readonly name: string;
  readonly origin: 'timeZone' | 'TZ' | 'host';
  /** False in a container that nobody told its zone: it says UTC, and the hospital's clocks do not. */
  readonly isStated: boolean;
}

/** Makes the configured time zone the local one of this process and those it starts. */
export function applyTimeZone({ timeZone }: Pick<Config, 'timeZone'>, inContainer = isContainer()): LocalTimeZone {
  if (timeZone !== undefined) process.env['TZ'] = timeZone;
  const { timeZone: name } = Intl.DateTimeFormat().resolvedOptions();
  const origin = timeZone !== undefined ? 'timeZone' : process.env['TZ'] ? 'TZ' : 'host';
  return { name, origin, isStated: origin !== 'host' || !inContainer || !/^(Etc\/)?(UTC|GMT|Unknown)$/.test(name) };
}

/** Docker, Podman, Kubernetes, systemd-nspawn. */
function isContainer(): boolean {
  return (
    existsSync('/.dockerenv') ||
    existsSync('/run/.containerenv') ||
    Boolean(process.env['container'] ?? process.env['KUBERNETES_SERVICE_HOST'])
  );
}

function valueOf(variable: string, text: string): unknown {
  if (variable === 'PORT') return Number(text);
  if (variable === 'TRUSTED_PROXIES' || variable === 'ROLES') return text.split(',').map((one) => one.trim());
  return booleans[text] ?? text;
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false };

function applyEnvironment(config: Config, environment: NodeJS.ProcessEnv): Config {
  const changed = structuredClone(config) as Record<string, unknown>;
  for (const [variable, path] of Object.entries(environmentSettings)) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((node, key) => (node[key] ??= {}) as Record<string, unknown>, changed);
    parent[path.at(-1)!] = valueOf(variable, text);
  }
  const result = configSchema.safeParse(changed);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => {
    const variable = Object.entries(environmentSettings).find(([, path]) => path.join('.') === issue.path.join('.'))?.[0];
    return `${variable ? `environment variable ${variable}` : issue.path.join('.')}: ${issue.message}`;
  });
  throw new Fault('config-invalid', mistakes.join('; '));
}

/** Docker and Kubernetes hand secrets over as files: what stands there goes before what stands in the settings. */
function secretFrom<Name extends string, FileName extends string>(
  settings: { readonly [key in Name | FileName]?: string | undefined },
  name: Name,
  fileName: FileName,
  section: string,
): { readonly [key in Name]?: string } {
  const file = settings[fileName];
  if (!file) return {};
  try {
    return { [name]: readFileSync(file, 'utf8').trimEnd() } as { readonly [key in Name]?: string };
  } catch (cause) {
    throw new Fault('config-invalid', `${section}.${fileName} ${file} cannot be read`, {}, { cause });
  }
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
