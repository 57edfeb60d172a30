import { z } from 'zod';
import { profileNames } from '../sr/document-profile.js';
import { integer, milliseconds, path } from './ranges.js';

/* Settings of what analyses studies: the first model, the engine, the workers, the documents. */

export const modelSettings = z
  .strictObject({
    /** The model of a new installation; after the first promotion the registry below dataDir decides. */
    directory: path.default('models/starter'),
    /** How often a running service checks whether another model was promoted. */
    watchIntervalMs: milliseconds.default(2_000),
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
    /** Heat maps as Secondary Capture where a finding is present; without it as the profile says. */
    heatMaps: z.boolean().optional(),
  })
  .prefault({});
