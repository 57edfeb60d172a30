import type { ForeignModelReader } from '../engine/foreign/read-foreign.js';
import type { ConfinedWeightsReader } from '../engine/foreign/read-weights.js';
import type { FindingsConfig } from '../findings-config.js';
import type { ArchitectureSpec } from '../network/architecture-spec.js';
import type { ForeignGraph } from '../network/foreign-graph.js';
import type { Tensors } from '../network/safetensors.js';
import type { InputSpecification } from '../registry/model-file.js';
import type { InputOptions, NetworkSize } from './input-options.js';
import type { InputPresetName } from './input-presets.js';

/** Options of `models adopt`, as texts. */
export interface AdoptOptions extends InputOptions {
  readonly kind: 'xray' | 'ct';
  /** The file of a published classifier that is adopted by name. */
  readonly file?: string | undefined;
  readonly sha256?: string | undefined;
  readonly key?: string | undefined;
  readonly architecture?: string | undefined;
  readonly labels?: string | undefined;
  readonly map: readonly string[];
  readonly objective?: string | undefined;
  readonly name?: string | undefined;
  readonly publisher?: string | undefined;
  readonly license?: string | undefined;
  /** Of foreign graphs; see engine/foreign/foreign-options.ts. */
  readonly output?: string | undefined;
  readonly activation?: string | undefined;
  readonly embedding?: string | undefined;
  readonly layout?: string | undefined;
  readonly occlusion?: boolean | undefined;
}

export interface AdoptPorts {
  readonly foreign: Pick<ForeignModelReader, 'isForeign' | 'read'>;
  readonly weights: Pick<ConfinedWeightsReader, 'read'>;
  readonly findings: FindingsConfig;
  /** Folder of downloaded files. */
  readonly downloads: string;
  readonly codeVersion: string;
  readonly now: Date;
}

/** What a source holds, whatever its format. */
export interface ReadSource {
  readonly network: { readonly architecture: ArchitectureSpec; readonly tensors: Tensors } | { readonly graph: ForeignGraph };
  readonly size: NetworkSize;
  readonly outputs: number;
  readonly labels?: readonly string[] | undefined;
  readonly operatingPoints?: readonly (number | null)[] | undefined;
  /** Undefined where nothing in the source tells. */
  readonly objective?: 'several' | 'one-of-many' | undefined;
  /** How its pictures are prepared, where the source states it; options go before. */
  readonly input?: InputSpecification | undefined;
  readonly preset?: InputPresetName | undefined;
  /** Published name, or name of the file or folder. */
  readonly from: string;
  readonly format: string;
  readonly sha256: string;
  readonly publisher?: string | undefined;
  readonly license?: string | undefined;
  /** What was found, a line each. */
  readonly messages: readonly string[];
}
