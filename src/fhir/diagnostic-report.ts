import { z } from 'zod';
import { Fault } from '../errors.js';

/* Reading of DiagnosticReport resources of others (FHIR R4 §10.3); elements that are not needed may be anything. */

const text = z.string().max(2_000_000);
const identifierSchema = z.looseObject({
  type: z.looseObject({ coding: z.array(z.looseObject({ code: text.optional() })).optional() }).optional(),
  system: text.optional(),
  value: text.optional(),
  assigner: z.looseObject({ display: text.optional() }).optional(),
});
const referenceSchema = z.looseObject({ reference: text.optional(), identifier: identifierSchema.optional() });
const reportSchema = z.looseObject({
  resourceType: z.literal('DiagnosticReport'),
  id: text.optional(),
  status: z.enum([
    'registered',
    'partial',
    'preliminary',
    'final',
    'amended',
    'corrected',
    'appended',
    'cancelled',
    'entered-in-error',
    'unknown',
  ]),
  identifier: z.array(identifierSchema).optional(),
  basedOn: z.array(referenceSchema).optional(),
  imagingStudy: z.array(referenceSchema).optional(),
  subject: referenceSchema.optional(),
  issued: text.optional(),
  conclusion: text.optional(),
  presentedForm: z.array(z.looseObject({ contentType: text.optional(), data: text.optional() })).optional(),
  contained: z
    .array(z.looseObject({ resourceType: z.string(), id: text.optional(), identifier: z.array(identifierSchema).optional() }))
    .optional(),
});

type Identifier = z.output<typeof identifierSchema>;
type Reference = z.output<typeof referenceSchema>;

/** What a DiagnosticReport states, as far as it is needed to read its findings and to match it to a study. */
export interface DiagnosticReportContent {
  readonly state: 'final' | 'withdrawn' | 'not-final';
  /** The same for each version. */
  readonly identifier: string;
  /** Parts, separated by form feeds. */
  readonly text: string;
  readonly accessionNumber?: string;
  readonly accessionIssuer?: string;
  readonly studyInstanceUID?: string;
  readonly patients: readonly { readonly id: string; readonly issuers: readonly string[] }[];
  readonly issued?: Date;
}

/**
 * The text is that of `presentedForm` as plain text, and of `conclusion`. The accession number is an identifier of type ACSN of the report, of its
 * order or of its study; these may be contained resources.
 *
 * @throws Fault `request-invalid` naming the element and what was expected; without any value
 */
export function readDiagnosticReport(resource: unknown): DiagnosticReportContent {
  const parsed = reportSchema.safeParse(resource);
  if (!parsed.success)
    throw new Fault(
      'request-invalid',
      `expected a DiagnosticReport of FHIR R4: ${parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'resource'}: ${message}`).join('; ')}`,
    );
  const report = parsed.data;
  const resolve = (reference: Reference): readonly Identifier[] => {
    const contained = report.contained?.find(({ id }) => id !== undefined && reference.reference === `#${id}`);
    return [...(reference.identifier ? [reference.identifier] : []), ...(contained?.identifier ?? [])];
  };
  const own = report.identifier ?? [];
  const ofStudy = (report.imagingStudy ?? []).flatMap(resolve);
  const accession = [...own, ...(report.basedOn ?? []).flatMap(resolve), ...ofStudy].find((one) => isOfType(one, 'ACSN') && one.value);
  const name = own.find((one) => one.value !== undefined && !isOfType(one, 'ACSN')) ?? own.find((one) => one.value !== undefined);
  const identifier = name ? `${name.system ?? ''}|${name.value}` : report.id;
  if (identifier === undefined)
    throw new Fault(
      'request-invalid',
      'expected an identifier or an id of the DiagnosticReport, by which a later version is recognised; found none',
    );
  const uid = ofStudy.map(({ value }) => /^(?:urn:oid:)?([0-9.]{1,64})$/.exec(value ?? '')?.[1]).find((one) => one?.includes('.'));
  const issued = report.issued === undefined ? undefined : new Date(report.issued);
  return {
    state: stateOf(report.status),
    identifier,
    text: [...(report.presentedForm ?? []).flatMap(plainTextOf), ...(report.conclusion ? [report.conclusion] : [])].join('\f'),
    ...(accession ? { accessionNumber: accession.value!, ...issuerOf(accession) } : {}),
    ...(uid === undefined ? {} : { studyInstanceUID: uid }),
    patients: (report.subject ? resolve(report.subject) : []).flatMap((one) =>
      one.value ? [{ id: one.value, issuers: issuersOf(one) }] : [],
    ),
    ...(issued && !Number.isNaN(issued.getTime()) ? { issued } : {}),
  };
}

function stateOf(status: z.output<typeof reportSchema>['status']): DiagnosticReportContent['state'] {
  if (['final', 'amended', 'corrected', 'appended'].includes(status)) return 'final';
  return status === 'cancelled' || status === 'entered-in-error' ? 'withdrawn' : 'not-final';
}

function isOfType({ type }: Identifier, code: string): boolean {
  return type?.coding?.some((one) => one.code === code) ?? false;
}

function issuerOf(identifier: Identifier): { readonly accessionIssuer?: string } {
  const [accessionIssuer] = issuersOf(identifier);
  return accessionIssuer === undefined ? {} : { accessionIssuer };
}

/** An OID without its prefix, as DICOM and HL7 v2 write it. */
function issuersOf({ system, assigner }: Identifier): readonly string[] {
  return [system?.replace(/^urn:oid:/, ''), assigner?.display].filter((one): one is string => one !== undefined && one !== '');
}

function plainTextOf({
  contentType = '',
  data,
}: {
  readonly contentType?: string | undefined;
  readonly data?: string | undefined;
}): readonly string[] {
  const [, charset = 'utf-8'] = /^text\/plain(?:\s*;\s*charset\s*=\s*"?([\w-]+)"?)?/i.exec(contentType) ?? [undefined, undefined];
  if (!/^text\/plain\b/i.test(contentType) || data === undefined) return [];
  try {
    return [new TextDecoder(charset).decode(Buffer.from(data, 'base64'))];
  } catch {
    throw new Fault('request-invalid', 'expected a known character set in presentedForm.contentType, found another');
  }
}
