import { fulfils } from '../routing/match.js';
import type { Conditions } from '../routing/rules.js';
import type { SeriesFacts } from '../routing/series-facts.js';

/** In the order in which they are tried. */
export const encounterClasses = ['emergency', 'inpatient', 'outpatient'] as const;

/** How the patient came, FHIR's Encounter.class. DICOM images rarely state it: a site recognises it by devices, senders or descriptions. */
export type EncounterClass = (typeof encounterClasses)[number];

/** @returns the first class of which a series fulfils any condition; undefined if there is none. Linear in the values (see routing/pattern.ts) */
export function encounterClassOf(
  series: readonly SeriesFacts[],
  settings: Readonly<Record<EncounterClass, { readonly when: readonly Conditions[] }>>,
): EncounterClass | undefined {
  return encounterClasses.find((name) => settings[name].when.some((conditions) => series.some((one) => fulfils(one, conditions))));
}
