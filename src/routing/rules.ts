import { z } from 'zod';
import { loadConfigFile, parseConfig } from '../config-file.js';
import { compilePattern } from './pattern.js';

/**
 * A pattern for one attribute: a text with * as wildcard, a /regular expression/, or `missing`.
 * Texts are compared without regard to case.
 */
const pattern = z
  .string()
  .min(1)
  .refine(
    isPattern,
    'expected a text (with * as wildcard), a /regular expression/ of RE2 (without backreferences and look-around) or missing, of at most 500 characters',
  );
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern).min(1, 'expected at least one value')], {
  error: 'expected a text or a list of texts',
});

/** Conditions over one series; all that are given must be met. Study attributes are the same for each series. */
export const conditionsSchema = z
  .strictObject({
    modality: patterns.optional(),
    bodyPart: patterns.optional(),
    view: patterns.optional(),
    studyDescription: patterns.optional(),
    seriesDescription: patterns.optional(),
    protocolName: patterns.optional(),
    /** Study description, series description or protocol name: whichever matches. */
    description: patterns.optional(),
    stationName: patterns.optional(),
    institutionName: patterns.optional(),
    manufacturer: patterns.optional(),
    sopClass: patterns.optional(),
    /** AE title of the sender, as Orthanc recorded it. */
    callingAeTitle: patterns.optional(),
    /** AE title the sender called. */
    calledAeTitle: patterns.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'expected at least one condition');

/** Where documents are sent: `modality` (C-STORE) and `peer` (another Orthanc), by their names in Orthanc's configuration. */
export const destinationKinds = ['modality', 'peer'] as const;

export type DestinationKind = (typeof destinationKinds)[number];

/** `{ modality: NAME }` or `{ peer: NAME }`. */
export type Destination = { readonly [kind in DestinationKind]: Readonly<Record<kind, string>> }[DestinationKind];

/** Exactly one of the kinds, with a name. */
export function destinationSchemaOf<Kind extends string>(
  kinds: readonly Kind[],
): z.ZodType<{ readonly [kind in Kind]: Readonly<Record<kind, string>> }[Kind]> {
  const schema = z.union(
    kinds.map((kind) => z.strictObject({ [kind]: z.string().min(1) })),
    { error: `expected ${kinds.map((kind) => `{ ${kind}: NAME }`).join(' or ')} as configured in Orthanc` },
  );
  return schema as unknown as z.ZodType<{ readonly [kind in Kind]: Readonly<Record<kind, string>> }[Kind]>;
}

export function destinationKind(destination: Destination): DestinationKind {
  return Object.keys(destination)[0] as DestinationKind;
}

export function destinationName(destination: Destination): string {
  return Object.values(destination)[0]!;
}

const destination = destinationSchemaOf(destinationKinds);

const rule = z.strictObject({
  name: z.string().min(1),
  /** One set of conditions, or a list of which any may be met. */
  when: z.union([conditionsSchema.transform((one) => [one]), z.array(conditionsSchema).min(1)]),
  action: z.enum(['analyse', 'ignore'], { error: 'expected analyse or ignore' }),
  /** 0 (routine) to 10 (first). */
  priority: z.number().int().min(0).max(10).default(5),
  destinations: z.array(destination).default([]),
  /** Findings that are not reported of the studies that this rule takes, by their names in config/findings.json. */
  findingsOff: z.array(z.string().min(1)).default([]),
  /** false: the rule is switched off and takes no study. */
  enabled: z.boolean().optional(),
});

const routingSchema = z
  .strictObject({ rules: z.array(rule).min(1) })
  .refine(({ rules }) => new Set(rules.map((one) => one.name)).size === rules.length, 'expected a different name for each rule');

export type RoutingRule = z.output<typeof rule>;
export type Conditions = z.output<typeof conditionsSchema>;
export type RoutingAttribute = keyof Conditions;
export type Routing = z.output<typeof routingSchema>;

/** @throws Fault `config-invalid` with file, line and what was expected */
export function loadRouting(file: string): Routing {
  return loadConfigFile(file, routingSchema);
}

/** As loadRouting, for a text; `file` only names it in errors. */
export function parseRouting(text: string, file: string): Routing {
  return parseConfig(text, file, routingSchema);
}

export { routingSchema };

function isPattern(text: string): boolean {
  try {
    compilePattern(text);
    return true;
  } catch {
    return false;
  }
}
