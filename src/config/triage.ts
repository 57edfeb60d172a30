import { z } from 'zod';
import { conditionsSchema } from '../routing/rules.js';
import { integer } from './ranges.js';

/* Settings of the order in which studies are read: docs/guide/triage.md. */

/** 0: does not count. Weights are compared with each other only: doubling all of them changes nothing. */
const weight = integer(0, 1_000);

/** Of the shipped findings.json; an installation with a list of its own may lack some of them. */
export const defaultWeights = {
  pneumothorax: 1_000,
  'mediastinal-shift': 600,
  edema: 400,
  ards: 400,
  'pleural-effusion': 300,
  pneumonia: 300,
  consolidation: 300,
  fracture: 200,
  'support-devices': 0,
  normal: 0,
} as const;

/** A kind of encounter (FHIR: Encounter.class), recognised by any of these conditions of routing.yaml. */
const encounter = (defaultWeight: number) =>
  z
    .strictObject({
      weight: weight.default(defaultWeight),
      when: z.array(conditionsSchema).max(100).default([]),
    })
    .prefault({});

export const triageSettings = z
  .strictObject({
    /** Order of the worklist until a user chooses another: by urgency, or by priority of the rule and then newest. */
    order: z.enum(['urgency', 'priority']).default('urgency'),
    /** By finding, as config/findings.json names it. */
    weights: z.record(z.string().min(1).max(64), weight).default(defaultWeights),
    /** Of findings that `weights` does not name. */
    otherFindings: weight.default(100),
    /** For each point of the routing rule's priority (0 to 10). */
    rulePriority: weight.default(10),
    /** By age in steps of twenty years. */
    age: z
      .strictObject({
        from0: weight.default(0),
        from20: weight.default(0),
        from40: weight.default(0),
        from60: weight.default(0),
        from80: weight.default(0),
      })
      .prefault({}),
    /** The first of these three of which a series fulfils any condition. */
    emergency: encounter(300),
    inpatient: encounter(100),
    outpatient: encounter(0),
    /** After this time a study goes first, whatever it shows. */
    maxWaitMinutes: integer(1, 43_200).default(240),
    /** A study with an older Study Date comes from an archive: it is listed, but does not wait to be read. */
    maxStudyAgeDays: integer(1, 36_500).default(30),
    /** A study that a reader has claimed is free again after this time. */
    claimMinutes: integer(1, 1_440).default(30),
  })
  .prefault({});
