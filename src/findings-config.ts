import { z } from 'zod';
import { loadConfigFile, parseConfig } from './config-file.js';
import { sameConcept, type CodedConcept } from './dicom/code.js';
import { Fault } from './errors.js';

/**
 * config/findings.json: what a network's outputs mean. It contains every code of our documents, except those that a DICOM template
 * prescribes (sr/codes.ts).
 */
const concept = z.strictObject({
  value: z.string().regex(/^\S+$/, 'expected a code without spaces'),
  // SH and LO (PS3.5 §6.2); longer code values go into Long Code Value.
  scheme: z.string().regex(/^[^\s\\]{1,16}$/, 'expected a coding scheme designator of 1 to 16 characters, such as SCT, LN, DCM'),
  meaning: z.string().regex(/^[^\\\p{Cc}]{1,64}$/u, 'expected a meaning of 1 to 64 characters'),
});

const probability = z.number().min(0).max(1);

const finding = z
  .strictObject({
    concept,
    /** Finding site (363698007 SCT). */
    site: concept.optional(),
    wording: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}]*[^\p{Cc}.]$/u, 'expected one line without a full stop at its end'),
    /** In place of the model version's own thresholds. */
    absentBelow: probability.optional(),
    presentFrom: probability.optional(),
    /** Labels of data sets and radiologists that are a kind of this finding: they count as present. */
    includes: z.array(z.string()).readonly().optional(),
    /** Labels that leave this finding open: such images take no part in its training and figures. */
    undecided: z.array(z.string()).readonly().optional(),
    /** Names that networks of others give an output of this meaning; upper case, blanks and underscores make no difference. */
    synonyms: z.array(z.string().min(1)).readonly().optional(),
  })
  .refine((one) => one.absentBelow === undefined || one.presentFrom === undefined || one.absentBelow <= one.presentFrom, {
    path: ['absentBelow'],
    message: 'expected at most presentFrom',
  });

const outputName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected a name of lower-case letters, digits and hyphens, such as pleural-effusion');

const schema = z
  .strictObject({
    /**
     * Procedure reported (121058 DCM) by modality, for images that name no procedure in Procedure Code Sequence or in their
     * request. The models analyse the chest only, so these are chest procedures. They are not in CID 100, which TID 1500
     * suggests (it is extensible and has none for the chest): PixelMed's validator of 2025 warns, that of 2022 calls it an error.
     */
    procedures: z.strictObject({ CR: concept, DX: concept, CT: concept }),
    findings: z.record(outputName, finding),
  })
  .superRefine((config, context) => {
    const entries = Object.entries(config.findings);
    entries.forEach(([name, one], index) => {
      const twin = entries.slice(0, index).find(([, earlier]) => sameConcept(earlier.concept, one.concept));
      for (const synonym of one.synonyms ?? []) {
        const other = entries.find(
          ([known, { synonyms = [] }]) => known !== name && [known, ...synonyms].some((taken) => plainName(taken) === plainName(synonym)),
        );
        if (other)
          context.addIssue({
            code: 'custom',
            path: ['findings', name, 'synonyms'],
            message: `expected names of its own, found ${synonym}, which is also ${other[0]}`,
          });
      }
      if (twin)
        context.addIssue({
          code: 'custom',
          path: ['findings', name, 'concept'],
          message: `expected a code of its own, found that of ${twin[0]}`,
        });
    });
    for (const [first, second] of pairs(placedConcepts(config))) {
      if (sameConcept(first.concept, second.concept) && first.concept.meaning !== second.concept.meaning) {
        context.addIssue({
          code: 'custom',
          path: [...second.path],
          message: `expected the meaning "${first.concept.meaning}" as at ${first.path.join('.')}`,
        });
      }
    }
  });

export type ConfiguredFinding = z.output<typeof finding>;
export type FindingsConfig = z.output<typeof schema>;

/** @throws Fault `config-invalid` with file, line, path and what was expected; every mistake at once */
export function loadFindings(file: string): FindingsConfig {
  return loadConfigFile(file, schema);
}

/** As loadFindings, for a text already read. */
export function parseFindings(text: string, file: string): FindingsConfig {
  return parseConfig(text, file, schema);
}

/**
 * The terms of a network output.
 *
 * @throws Fault `config-invalid` if the model has an output that the configuration does not name
 */
export function termsOf(config: FindingsConfig, name: string): ConfiguredFinding {
  const terms = Object.hasOwn(config.findings, name) ? config.findings[name] : undefined;
  if (!terms)
    throw new Fault('config-invalid', `the model has an output "${name}"; expected findings.${name}, found nothing`, {
      source: 'config/findings.json',
    });
  return terms;
}

/**
 * The finding that a network of others means by the name of an output: `Pleural_Thickening`, `Effusion`, `Lung Opacity`.
 *
 * @returns undefined if no finding has this name or synonym
 */
export function findingOfLabel(config: FindingsConfig, label: string): string | undefined {
  const wanted = plainName(label);
  if (wanted === '') return undefined;
  const entries = Object.entries(config.findings);
  return (entries.find(([name]) => plainName(name) === wanted) ??
    entries.find(([, one]) => one.synonyms?.some((synonym) => plainName(synonym) === wanted)))?.[0];
}

function plainName(label: string): string {
  return label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The name of the network output with this concept; documents contain only the concept. */
export function findingNameOf(config: FindingsConfig, concept: CodedConcept): string | undefined {
  return Object.entries(config.findings).find(([, one]) => sameConcept(one.concept, concept))?.[0];
}

/** All codes of the configuration: checkDocument accepts them in addition to those of the templates. */
export function conceptsOf(config: FindingsConfig): readonly CodedConcept[] {
  return placedConcepts(config).map((one) => one.concept);
}

interface PlacedConcept {
  readonly concept: CodedConcept;
  readonly path: readonly string[];
}

function placedConcepts(config: {
  readonly procedures: Readonly<Record<string, CodedConcept>>;
  readonly findings: Readonly<Record<string, ConfiguredFinding>>;
}): readonly PlacedConcept[] {
  return [
    ...Object.entries(config.procedures).map(([modality, concept]) => ({ concept, path: ['procedures', modality] })),
    ...Object.entries(config.findings).flatMap(([name, one]) => [
      { concept: one.concept, path: ['findings', name, 'concept'] },
      ...(one.site ? [{ concept: one.site, path: ['findings', name, 'site'] }] : []),
    ]),
  ];
}

function pairs<T>(values: readonly T[]): readonly (readonly [T, T])[] {
  return values.flatMap((second, index) => values.slice(0, index).map((first) => [first, second] as const));
}
