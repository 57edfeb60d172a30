/** Whether every part of the service can work. */
export interface Health {
  readonly ok: boolean;
  /** `answers`, else a fault code. */
  readonly orthanc: string;
  /** `answers`, else a fault code. */
  readonly database: string;
  /** `room`, `little room left`, `full`. */
  readonly disk: string;
  /** `right`, or by how much it differs from Orthanc's clock. */
  readonly clock: string;
  readonly model: string;
  readonly engine: string;
  /** `running`; `stalled` while an answer takes unusually long; `failed` while no engine can be started. */
  readonly engineState: string;
  /** `in time`, or which job has been in progress for longer than its limit. */
  readonly work: string;
  /** `none`, or the number of alarms that no user has acknowledged. */
  readonly drift: string;
  readonly queue: { readonly waiting: number; readonly active: number; readonly failed: number };
}

/** The state of the service as figures. */
export interface MeasuredState {
  readonly results: Readonly<Record<string, number>>;
  readonly queues: readonly {
    readonly queue: string;
    readonly waiting: number;
    readonly active: number;
    readonly retrying: number;
    readonly failed: number;
    readonly oldestAgeMs: number | undefined;
  }[];
  readonly freeBytes: number | undefined;
  readonly clockSkewMs: number | undefined;
  /** Requests to the PACS in progress. */
  readonly pacsRequests: number;
  readonly ok: boolean;
  /** Version of the champion. */
  readonly model?: string | undefined;
  /** Of the last drift check. */
  readonly drift?: MeasuredDrift | undefined;
  /** Absent unless reports of radiologists are read. */
  readonly reports?: MeasuredReports | undefined;
}

/** Reports of radiologists by state, and differences that nobody has looked at by kind. */
export interface MeasuredReports {
  readonly states: Readonly<Record<string, number>>;
  readonly discordances: Readonly<Record<string, number>>;
}

/** `site` is a configured name or a keyed hash; at most forty of them. */
export interface MeasuredDrift {
  readonly madeAt: Date;
  readonly quantities: readonly {
    /** Absent: the default line. */
    readonly line?: string;
    readonly site: string;
    readonly network: string;
    readonly quantity: string;
    readonly stability: number;
    readonly expectedStability: number;
    readonly alarm: boolean;
  }[];
  readonly agreement: readonly {
    readonly line?: string;
    readonly site: string;
    readonly network: string;
    readonly finding: string;
    readonly value: number;
  }[];
  readonly studies: readonly { readonly line?: string; readonly site: string; readonly network: string; readonly n: number }[];
  readonly unacknowledged: number;
}
