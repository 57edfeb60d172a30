import { z } from 'zod';
import { nearestName } from '../lib/nearest-name.js';
import { templateProblem } from './email-template.js';
import { storageCommitmentShape } from './storage-commitment.js';
import { host, httpProxy, integer, line, milliseconds, path, secret } from './ranges.js';

/* Settings of outbound messages: to whom results are sent, and which results: docs/guide/messages.md. */

/** Files in PEM format. */
const clientTls = { ca: path.optional(), cert: path.optional(), key: path.optional() };
const certAndKey = {
  check: (tls: { readonly cert?: string | undefined; readonly key?: string | undefined }): boolean =>
    (tls.cert === undefined) === (tls.key === undefined),
  message: 'expected cert and key together',
};
const timeoutMs = milliseconds.default(30_000);

/** HL7 v2 over MLLP (HL7 v2.5.1 §2.9, Transmission specification MLLP release 1). */
const hl7Settings = z.strictObject({
  host,
  port: integer(1, 65_535),
  /** Without it the connection is not encrypted. */
  tls: z
    .strictObject({ ...clientTls, serverName: host.optional() })
    .refine(certAndKey.check, certAndKey.message)
    .optional(),
  /** MSH-3 to MSH-6. */
  sendingApplication: line(180).default('CHEST-AI'),
  sendingFacility: line(180, 0).default(''),
  receivingApplication: line(180, 0).default(''),
  receivingFacility: line(180, 0).default(''),
  /** MSH-18. */
  characterSet: z.enum(['UNICODE UTF-8', '8859/1', 'ASCII']).default('UNICODE UTF-8'),
  /** Longest time until the receiver acknowledges. */
  answerTimeoutMs: timeoutMs,
});

const address = z
  .url({ protocol: /^https?$/, error: 'expected an address such as https://ris.hospital.example/results' })
  .max(2_000)
  .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).hash === ''), {
    error: 'expected an address without credentials and fragment; secrets are given in a file or by the environment',
  });

/** FHIR R4 (HTTP). */
const fhirSettings = z.strictObject({
  /** Base address of the server, such as https://fhir.hospital.example/r4. */
  url: address,
  /** Sent as bearer token. */
  token: secret.optional(),
  tokenFile: path.optional(),
  tls: z.strictObject(clientTls).refine(certAndKey.check, certAndKey.message).optional(),
  proxy: httpProxy,
  /** Longest time until the server answers. */
  answerTimeoutMs: timeoutMs,
});

const webhookSettings = z
  .strictObject({
    url: address,
    /** Sends without encryption; without it the address must begin with https. */
    plainHttp: z.boolean().default(false),
    /** Key of the signature, at least 16 characters; best given in a file or by the environment. */
    secret: secret.optional(),
    secretFile: path.optional(),
    tls: z.strictObject(clientTls).refine(certAndKey.check, certAndKey.message).optional(),
    proxy: httpProxy,
    /** Longest time until the receiver answers. */
    timeoutMs,
  })
  .refine(({ url, plainHttp }) => plainHttp || !/^http:/i.test(url), {
    path: ['url'],
    error: 'expected an address that begins with https, or plainHttp: true',
  });

const patientAttributes = ['id', 'name', 'birthDate', 'sex'] as const;
const mailAddress = z.email({ error: 'expected an e-mail address, such as radiology@hospital.example' }).max(254);

const emailSettings = z
  .strictObject({
    host,
    port: integer(1, 65_535).default(587),
    /** STARTTLS is demanded; `tls` encrypts from the first byte (port 465); `none` sends without encryption. */
    encryption: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    /** PEM file with the authority that signed the server's certificate. */
    ca: path.optional(),
    username: line(1_000).optional(),
    password: secret.optional(),
    passwordFile: path.optional(),
    from: mailAddress,
    to: z.array(mailAddress).min(1).max(100),
    language: z.enum(['en', 'de']).default('en'),
    /** Templates of messages about results, in place of the built-in texts: email-template.ts. */
    subject: line(200).optional(),
    text: z.string().min(1).max(10_000).optional(),
    /** When a digest of the last 24 hours is sent: a cron expression in timeZone, such as "0 7 * * *"; without it none. */
    digest: line(100).optional(),
    timeoutMs,
  })
  .refine(({ encryption, username }) => encryption !== 'none' || username === undefined, {
    path: ['username'],
    error: 'expected no login without encryption: the password would be readable on the network',
  });

/** Key object selections, stored in the PACS and sent to a modality by C-STORE. */
const dicomSettings = z.strictObject({
  /** A name under DicomModalities of Orthanc; without it the selection stays in Orthanc. */
  modality: line(64).optional(),
  /** What is sent with the selection: the documents of the result, the images that it rests on. */
  include: z
    .array(z.enum(['documents', 'images']))
    .max(2)
    .default(['documents']),
  ...storageCommitmentShape('if-offered'),
});

const channelName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case letters, digits and hyphens, such as ris')
  .max(40);
const kinds = { hl7: hl7Settings, fhir: fhirSettings, webhook: webhookSettings, email: emailSettings, dicom: dicomSettings } as const;

const channel = z
  .strictObject({
    name: channelName,
    hl7: hl7Settings.optional(),
    fhir: fhirSettings.optional(),
    webhook: webhookSettings.optional(),
    email: emailSettings.optional(),
    dicom: dicomSettings.optional(),
    /** Attributes of the patient that its messages contain; none by default. */
    patient: z.array(z.enum(patientAttributes)).max(patientAttributes.length).default([]),
  })
  .refine((one) => Object.keys(kinds).filter((kind) => one[kind as keyof typeof kinds] !== undefined).length === 1, {
    error: `expected exactly one of ${Object.keys(kinds).join(', ')}`,
  })
  .refine(({ dicom, patient }) => dicom?.modality === undefined || patient.length === patientAttributes.length, {
    path: ['patient'],
    error: `expected [${patientAttributes.join(', ')}]: what is sent to a modality names its patient as the images do`,
  })
  .superRefine(({ email, patient }, context) => {
    for (const where of ['subject', 'text'] as const) {
      const message = templateProblem(email?.[where] ?? '', where, patient);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['email', where], message });
    }
  });

/** From the first hour, inclusive, to the second, exclusive: 20-06, 07:30-16:00. */
const hours = z
  .string()
  .regex(/^([01]\d|2[0-3])(:[0-5]\d)?-(([01]\d|2[0-3])(:[0-5]\d)?|24(:00)?)$/, 'expected hours such as 20-06 or 07:30-16:00');

const rule = z.strictObject({
  channel: z.string(),
  outcome: z.enum(['reported', 'failed']).default('reported'),
  /** By their names in config/findings.json; any finding without it. */
  findings: z.array(line(64)).min(1).optional(),
  /** Of such a finding; `any` for each result that has one. */
  decision: z.enum(['present', 'undetermined', 'absent', 'any']).default('present'),
  /** Lowest calibrated probability. */
  probabilityFrom: z.number().min(0).max(1).default(0),
  /** Patterns of Institution Name or Station Name, as in routing rules. */
  site: z
    .union([line(500).transform((one) => [one]), z.array(line(500)).min(1)], { error: 'expected a text or a list of texts' })
    .optional(),
  /** In timeZone, of the time of the result. */
  hours: hours.optional(),
  /** Oldest Study Date, in days before the result; for archives that are analysed. Images without Study Date count as new. */
  maxStudyAgeDays: integer(0, 36_500).optional(),
});

export const messagesSettings = z
  .strictObject({ channels: z.array(channel).max(50).default([]), rules: z.array(rule).max(500).default([]) })
  .superRefine(({ channels, rules }, context) => {
    const names = channels.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) < index)
        context.addIssue({
          code: 'custom',
          path: ['channels', index, 'name'],
          message: `expected a different name for each channel, found "${name}" twice`,
        });
    });
    rules.forEach(({ channel: name, outcome, ...rest }, index) => {
      if (!names.includes(name)) {
        const near = nearestName(name, names);
        const known = names.length > 0 ? names.join(', ') : 'none is configured';
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'channel'],
          message: `expected a channel (${known}), found "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`,
        });
      }
      if (outcome === 'failed' && channels.some((one) => one.name === name && one.dicom !== undefined))
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'outcome'],
          message: `expected outcome reported for the dicom channel "${name}": a failure has no key objects`,
        });
      if (outcome === 'failed' && (rest.findings !== undefined || rest.decision !== 'present' || rest.probabilityFrom > 0))
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'outcome'],
          message: 'expected no findings, decision and probability with outcome failed',
        });
    });
  })
  .prefault({});

export type MessagesSettings = z.output<typeof messagesSettings>;
export type ChannelSettings = MessagesSettings['channels'][number];
export type MessageRule = MessagesSettings['rules'][number];
export type WebhookSettings = z.output<typeof webhookSettings>;
export type EmailSettings = z.output<typeof emailSettings>;
export type DicomChannelSettings = z.output<typeof dicomSettings>;

/** The secret of each kind of channel, and the setting that names a file with it. */
const secrets = { webhook: ['secret', 'secretFile'], fhir: ['token', 'tokenFile'], email: ['password', 'passwordFile'] } as const;

/** The environment variable with the secret of a channel: CHANNEL_SECRET_RIS_HOOK for ris-hook. */
export function secretVariable(channelNamed: string): string {
  return `CHANNEL_SECRET_${channelNamed.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * The channels with their secrets: from the environment, else from the file, else from the setting.
 *
 * @param readFile returns the text of a file with a secret @throws Fault `config-invalid` if it cannot be read
 */
export function withChannelSecrets(
  settings: MessagesSettings,
  environment: NodeJS.ProcessEnv,
  readFile: (file: string, setting: string) => string,
): MessagesSettings {
  const channels = settings.channels.map((one): ChannelSettings => {
    const { name } = one;
    let changed: ChannelSettings = one;
    for (const [kind, [setting, fileSetting]] of Object.entries(secrets) as [keyof typeof secrets, readonly [string, string]][]) {
      const own = one[kind] as Readonly<Record<string, unknown>> | undefined;
      if (own === undefined) continue;
      const file = own[fileSetting] as string | undefined;
      const given =
        environment[secretVariable(name)] ||
        (file === undefined ? undefined : readFile(file, `messages.channels, ${name}, ${kind}.${fileSetting}`));
      if (given !== undefined) changed = { ...changed, [kind]: { ...own, [setting]: given } };
    }
    return changed;
  });
  return { ...settings, channels };
}
