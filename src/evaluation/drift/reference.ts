import { z } from 'zod';

/** Sorted values, thinned evenly where there are more than `maxValues`. */
const valuesSchema = z.array(z.number()).readonly();
const countsSchema = z.record(z.string(), z.int().min(1)).readonly();

/** Of the images of one site, or of all. */
const siteReferenceSchema = z
  .strictObject({
    images: z.int().min(1),
    /** By quantity: `input:mean`, `feature:distance`, `output:pneumonia` … */
    numbers: z.record(z.string(), valuesSchema).readonly(),
    /** By quantity: `tag:Modality` …, `input:accepted`; how often each value occurred. */
    names: z.record(z.string(), countsSchema).readonly(),
  })
  .readonly();

/** What a network was trained on, for everything later to be compared with. docs/reference/drift.md has the format. */
const driftReferenceSchema = z
  .strictObject({ all: siteReferenceSchema, sites: z.record(z.string(), siteReferenceSchema).readonly() })
  .readonly();
/** reference.json of a model version: by network. */
export const modelReferenceSchema = z
  .strictObject({
    format: z.literal(1),
    networks: z.strictObject({ xray: driftReferenceSchema.optional(), ct: driftReferenceSchema.optional() }),
  })
  .readonly();

export type SiteReference = z.infer<typeof siteReferenceSchema>;
export type DriftReference = z.infer<typeof driftReferenceSchema>;
export type ModelReference = z.infer<typeof modelReferenceSchema>;

/** What is stored of one image or study: numbers and short names, nothing of the patient but an age in decades. */
export interface Observation {
  readonly numbers: Readonly<Record<string, number>>;
  readonly names: Readonly<Record<string, string>>;
}

/** This number of order statistics describes the distribution function to a part in two thousand. */
const maxValues = 1000;
const maxValuesOfSite = 300;
/** A site with fewer images in training has no reference of its own. */
const minImagesOfSite = 100;
const maxSites = 20;

/** @throws RangeError of no observation */
export function siteReference(observations: readonly Observation[], most = maxValues): SiteReference {
  if (observations.length === 0) throw new RangeError('expected observations of a reference, found none');
  const numbers = new Map<string, number[]>();
  const names = new Map<string, Record<string, number>>();
  for (const one of observations) {
    for (const [quantity, value] of Object.entries(one.numbers)) inMap(numbers, quantity, () => []).push(value);
    for (const [quantity, name] of Object.entries(one.names)) {
      const counts = inMap<string, Record<string, number>>(names, quantity, () => ({}));
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return {
    images: observations.length,
    numbers: Object.fromEntries([...numbers].map(([quantity, values]) => [quantity, thinned(values, most)])),
    names: Object.fromEntries(names),
  };
}

/** @param observations with the site that each came from; without one it counts for all only */
export function driftReference(observations: readonly (Observation & { readonly site?: string | undefined })[]): DriftReference {
  const bySite = new Map<string, Observation[]>();
  for (const one of observations) if (one.site) inMap(bySite, one.site, () => []).push(one);
  const sites = [...bySite]
    .filter(([, own]) => own.length >= minImagesOfSite)
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, maxSites);
  return {
    all: siteReference(observations),
    sites: Object.fromEntries(sites.map(([site, own]) => [site, siteReference(own, maxValuesOfSite)])),
  };
}

function inMap<Key, Value>(map: Map<Key, Value>, key: Key, fresh: () => Value): Value {
  const value = map.get(key) ?? fresh();
  map.set(key, value);
  return value;
}

function thinned(values: readonly number[], most: number): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  const count = Math.min(most, sorted.length);
  return Array.from({ length: count }, (_, index) => Number(sorted[Math.floor(((index + 0.5) * sorted.length) / count)]!.toPrecision(6)));
}
