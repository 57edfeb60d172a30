import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { host, integer, line, milliseconds, path } from './ranges.js';

/* Settings of final radiology reports whose text is read: docs/guide/reports.md. Off until a source is configured. */

const addressOrSubnet = z.string().refine((text) => {
  const [address = '', bits, ...more] = text.split('/');
  const max = isIPv4(address) ? 32 : 128;
  return isIP(address) !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max));
}, 'expected an IP address such as 10.1.2.3, or a subnet such as 10.1.2.0/24');

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name);
}

/** A listener for ORU^R01 of HL7 v2 over MLLP. */
const hl7Listener = z
  .strictObject({
    /** Address on which it listens; others than loopback need allowFrom or tls.ca. */
    host: host.default('127.0.0.1'),
    port: integer(1, 65_535),
    /** PEM files; with `ca`, senders need a certificate of this authority. */
    tls: z.strictObject({ cert: path, key: path, ca: path.optional() }).optional(),
    /** Addresses and subnets that may send; all that reach the address if it is empty. */
    allowFrom: z.array(addressOrSubnet).max(200).default([]),
    /** Fields in which the accession number is looked for; the first that has a value counts. */
    accessionNumber: z
      .array(z.string().regex(/^(?:OBR|ORC|PV1|IPC|Z[A-Z0-9]{2})-\d{1,2}(?:\.\d{1,2})?$/, 'expected a field such as OBR-18 or OBR-3.1'))
      .min(1)
      .max(10)
      .default(['OBR-18', 'OBR-3']),
    maxMessageBytes: integer(1_000, 100_000_000).default(5_000_000),
    maxConnections: integer(1, 1_000).default(20),
    /** Longest time between two messages of a connection, and for one message to arrive. */
    timeoutMs: milliseconds.default(120_000),
  })
  .refine(({ host: name, allowFrom, tls }) => isLoopback(name) || allowFrom.length > 0 || tls?.ca !== undefined, {
    path: ['host'],
    error: 'expected allowFrom or tls.ca with an address that other machines reach: anybody there could send reports',
  });

export const radiologyReportsSettings = z
  .strictObject({
    hl7: hl7Listener.optional(),
    /** Accepts DiagnosticReport resources at POST /api/reports. */
    fhir: z.boolean().default(false),
    /** Reads structured reports of other systems in the PACS: all complete ones, or only those that are verified. */
    sr: z.enum(['off', 'verified', 'complete']).default('off'),
    /** How findings are read from the text. */
    rulesFile: path.default('config/report-findings.yaml'),
    /** How long a report waits for its study to get a result. */
    waitDays: integer(1, 3_650).default(30),
    /** Whether findings of reports become labels, which count less than those of readers. */
    labels: z.boolean().default(true),
    /** Names of one and the same issuer of patient IDs or accession numbers: [[HOSP, 1.2.3]]. */
    issuers: z
      .array(z.array(line(200)).min(2).max(20))
      .max(100)
      .default([]),
  })
  .prefault({});

export type RadiologyReportsSettings = z.output<typeof radiologyReportsSettings>;
export type Hl7ListenerSettings = NonNullable<RadiologyReportsSettings['hl7']>;

/** Whether a source of reports is configured. */
export function readsReports({ hl7, fhir, sr }: Pick<RadiologyReportsSettings, 'hl7' | 'fhir' | 'sr'>): boolean {
  return hl7 !== undefined || fhir || sr !== 'off';
}
