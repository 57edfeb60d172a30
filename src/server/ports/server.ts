import type { AuditLog } from '../../audit/audit-log.js';
import type { AuditEntries } from '../../store/audit-entries.js';
import type { Access } from '../access/access.js';
import type { Health, MeasuredState } from '../../monitoring/health-report.js';
import type { Metrics } from '../metrics.js';
import type { ProxiedResponse } from '../../dicomweb/proxy.js';
import type { PacsAddress } from '../../http/pacs-address.js';
import type { Administration } from '../access/administration.js';
import type { AssessmentsPort } from './assessments.js';
import type { DriftPort } from './drift.js';
import type { ModelActions } from './model-actions.js';
import type { UploadRoomLimits } from '../../uploads/upload-room.js';
import type { PagePort } from './page.js';

/** What the server shows, as small as it needs it; app.ts supplies it. */

export interface ShownFinding {
  readonly name: string;
  readonly meaning: string;
  readonly probability: number;
  readonly decision: 'present' | 'absent' | 'undetermined';
}

export interface ShownResult {
  readonly studyInstanceUID: string;
  readonly createdAt: Date;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly reason?: string | undefined;
  readonly findings: readonly ShownFinding[];
  readonly modelVersion: string;
  readonly engine: string;
  readonly isCurrent: boolean;
  readonly documents: readonly { readonly kind: string; readonly sopInstanceUID: string }[];
  readonly deliveries: readonly { readonly destination: string; readonly state: string }[];
}

/** What the server is given at its start; results can be asked for a moment later, when the rest has started. */
export interface ServerParts {
  readonly hintToken: string | undefined;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly administration: Administration;
  readonly audit: AuditLog;
  readonly auditEntries: Pick<AuditEntries, 'list' | 'after'>;
  /** Whether the page and its interface are served, or only health and metrics. */
  readonly web: boolean;
  /** Addresses or subnets whose X-Forwarded-… headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly softwareVersion: string;
  /** The page as the build has made it. */
  readonly pageDirectory: string;
  /** OHIF's files, or why they are not there. */
  readonly viewer: { readonly directory?: string | undefined; readonly why?: string | undefined };
  /** Where uploads lie while they are looked at, and how large they may be. */
  readonly uploads: { readonly directory: string; readonly maxBytes: number; readonly limits?: UploadRoomLimits };
  /** Look at the change log now. */
  wake(): void;
  tools(): ServerPorts | undefined;
}

/** A piece of work that waits for a person. */
export interface ShownFailedJob {
  readonly id: string;
  readonly queue: string;
  readonly code: string;
  readonly detail: string;
  readonly failedAt: Date;
}

export interface ServerPorts {
  /** Queues a night; while one waits or runs, no second. */
  retrain(by: string): Promise<void>;
  readonly assessments: AssessmentsPort;
  health(): Promise<Health>;
  measure(): Promise<MeasuredState>;
  results(query: { readonly limit: number; readonly outcome?: ShownResult['outcome'] }): Promise<readonly ShownResult[]>;
  parked(): Promise<readonly ShownFailedJob[]>;
  readonly drift: DriftPort;
  /** @returns false if nothing of that id is parked */
  retryFailedJob(id: string): Promise<boolean>;
  readonly page: PagePort;
  readonly modelActions: ModelActions;
  /** A viewer's question to the PACS; its path was checked. */
  proxyDicomWeb(
    path: PacsAddress,
    accept: string | undefined,
    seenAs: { readonly host: string; readonly protocol: string },
    signal: AbortSignal,
  ): Promise<ProxiedResponse>;
  /** All results of one study, the current one first. */
  resultsOf(studyInstanceUID: string): Promise<readonly ShownResult[]>;
}
