import { z } from 'zod';
import { defaultLine, lineName } from '../lib/model-line.js';
import { profileNames } from '../sr/document-profile.js';
import { lineDriftSettings, lineRetrainingSettings } from './learning.js';
import { storageCommitmentShape } from './storage-commitment.js';
import { integer, line, milliseconds, path } from './ranges.js';

/* Settings of what analyses studies: the first model, the engine, the workers, the documents. */

export const modelSettings = z
  .strictObject({
    /** The model of a new installation; after the first promotion the registry below dataDir decides. */
    directory: path.default('models/starter'),
    /** How often a running service checks whether another model was promoted. */
    watchIntervalMs: milliseconds.default(2_000),
    /** Of the default line, beside those of `models`. */
    precedence: integer(-1_000, 1_000).default(0),
  })
  .prefault({});

const threshold = z.number().min(0).max(1);

/** A further model that analyses the same studies: docs/guide/several-models.md. */
const modelLineSettings = z.strictObject({
  name: z
    .string()
    .regex(lineName, 'expected lower-case letters, digits and hyphens, such as tuberculosis')
    .max(40)
    .refine((name) => name !== defaultLine, `expected another name than ${defaultLine}, which is that of the setting model`),
  /** Folder of its first version; without it the line has no model until one is imported and promoted. */
  directory: path.optional(),
  /** Of two lines that report the same finding the one with the higher number decides; among equals the default line, then the order of the list. */
  precedence: integer(-1_000, 1_000).default(0),
  /** The findings that it reports, of those that its versions have; all without it. */
  findings: z.array(line(64)).min(1).optional(),
  /** By finding, in place of the version's own and of those of findings.json. */
  thresholds: z
    .record(
      z.string(),
      z
        .strictObject({ absentBelow: threshold.optional(), presentFrom: threshold.optional() })
        .refine(({ absentBelow = 0, presentFrom = 1 }) => absentBelow <= presentFrom, 'expected absentBelow at most presentFrom'),
    )
    .default({}),
  /** What is different from the setting retraining. */
  retraining: lineRetrainingSettings.prefault({}),
  /** What is different from the setting drift. */
  drift: lineDriftSettings.prefault({}),
});

export const modelLinesSettings = z
  .array(modelLineSettings)
  .max(16)
  .refine((lines) => new Set(lines.map(({ name }) => name)).size === lines.length, 'expected a different name for each line')
  .default([]);

export const findingsSettings = z
  .strictObject({
    /** Findings that are not reported, by their names in config/findings.json; a routing rule switches off with `findingsOff`. */
    off: z.array(line(64)).default([]),
  })
  .prefault({});

export const engineSettings = z
  .strictObject({
    prefer: z
      .enum(['auto', 'onnx-cpu', 'onnx-cuda', 'onnx-webgpu', 'tensorflow-gpu', 'tensorflow-cpu', 'tensorflow-webgpu', 'tensorflow-wasm'])
      .default('auto'),
    /** Threads of one inference; 0 lets the engine choose. */
    threads: integer(0, 1_024).default(0),
    /** An engine that does not answer within this time, and within 20 times what it took before, is ended and replaced. */
    answerTimeoutMs: milliseconds.default(60_000),
    /** The same for loading a network and for its first answer: a GPU compiles its kernels then. */
    firstAnswerTimeoutMs: milliseconds.default(300_000),
  })
  .prefault({});

export const workSettings = z
  .strictObject({
    /** Studies that are analysed at the same time. */
    studies: integer(1, 1_000).default(4),
    /** Processes that decode. */
    decoders: integer(1, 1_000).default(2),
    /** Memory of one of them in megabytes, native code included; a file that needs more fails. */
    decoderMemoryMb: integer(256, 1_000_000).default(2_048),
    /** A file that takes longer to decode fails. */
    decodeTimeoutMs: milliseconds.default(60_000),
    /** A study that is in progress for longer is interrupted and tried again; if it cannot be interrupted, /health reports false. */
    studyTimeoutMs: milliseconds.default(1_800_000),
    /** Attempts before a study counts as failed; an unreachable PACS does not count. */
    maxAttempts: integer(1, 1_000).default(5),
  })
  .prefault({});

export const reportSettings = z
  .strictObject({
    /** Write a document that says why a study that a rule selected was not analysed. */
    skippedDocuments: z.boolean().default(true),
    failedDocuments: z.boolean().default(true),
    /** Maximum number of frontal images of a study that are analysed, newest first. */
    maxImages: integer(1, 1_000).default(4),
    /** Series Number (0020,0011): IS, at most 2^31 − 1; the numbers after it are used too. */
    seriesNumber: integer(1, 2_147_483_000).default(9900),
    /** Which documents are written, by the viewer that reads them: docs/reference/documents.md. */
    profile: z.enum(profileNames).default('ohif'),
    /** Compare with the result of an earlier study of the same patient. */
    priors: z.boolean().default(true),
    ...storageCommitmentShape('off'),
    /** Heat maps as Secondary Capture where a finding is present; without it as the profile says. */
    heatMaps: z.boolean().optional(),
  })
  .prefault({});
