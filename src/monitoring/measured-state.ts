/** The state of the service as figures, read at each scrape. */
export interface MeasuredState {
  readonly results: Readonly<Record<string, number>>;
  readonly queues: readonly {
    readonly queue: string;
    readonly waiting: number;
    readonly active: number;
    readonly retrying: number;
    readonly parked: number;
    readonly oldestAgeMs: number | undefined;
  }[];
  readonly freeBytes: number | undefined;
  readonly clockSkewMs: number | undefined;
  readonly pacsRequests: number;
  readonly ok: boolean;
  /** Version of the deployed model. */
  readonly model?: string | undefined;
  /** Of the last drift check. */
  readonly drift?: MeasuredDrift | undefined;
}

/** `site` is a configured name or a keyed hash; at most forty of them. */
export interface MeasuredDrift {
  readonly madeAt: Date;
  readonly quantities: readonly {
    readonly site: string;
    readonly network: string;
    readonly quantity: string;
    readonly stability: number;
    readonly expectedStability: number;
    readonly alarm: boolean;
  }[];
  readonly agreement: readonly { readonly site: string; readonly network: string; readonly finding: string; readonly value: number }[];
  readonly studies: readonly { readonly site: string; readonly network: string; readonly n: number }[];
  readonly unacknowledged: number;
}
