import type { InputBatch, NetworkWithWeights, Prediction } from '../engine.js';

/** Execution providers of onnxruntime that are of use here, by the names onnxruntime-node gives them. */
export const providers = ['cpu', 'cuda', 'webgpu'] as const;

export type Provider = (typeof providers)[number];

export interface SessionSettings {
  readonly provider: Provider;
  /** Threads within one operator; one network runs at a time, so this is all the parallelism there is. */
  readonly threads: number;
}

/** What the engine asks of its thread. Sessions are numbered by the asker. */
export type Request =
  | { readonly kind: 'load'; readonly session: number; readonly network: NetworkWithWeights; readonly settings: SessionSettings }
  | { readonly kind: 'predict'; readonly session: number; readonly input: InputBatch }
  | { readonly kind: 'release'; readonly session: number };

/** Every request is answered once, in the order of asking. */
export type Answer = { readonly id: number; readonly value: Prediction | undefined } | { readonly id: number; readonly error: string };
