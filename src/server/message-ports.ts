import type { ResultMessage } from '../messages/ports.js';
import type {
  DiscordancePage,
  ShownChannel,
  ShownDiscordance,
  ShownMessage,
  ShownReceipt,
  ShownReportCounts,
  TestedChannel,
} from './page-types.js';
import type { DiscordanceKindName } from './schemas/reports.js';

/** What the server needs of outbound messages and of radiologists' reports; `service` supplies it. */

/** Outbound messages. Each throws Fault `not-found` for a channel that is not configured. */
export interface MessagesPort {
  channels(): Promise<readonly ShownChannel[]>;
  /** The last ones, newest first. */
  ofChannel(channel: string, limit: number): Promise<readonly ShownMessage[]>;
  /** All of a study, newest first. */
  ofStudy(studyInstanceUID: string): Promise<readonly ShownMessage[]>;
  /** The current result of a study as a FHIR bundle, as a channel without patient attributes sends it; undefined without a result. */
  fhir(studyInstanceUID: string, url: string): Promise<object | undefined>;
  /** With invented values, and those attributes of the invented patient that the channel carries. */
  testMessage(channel: string): ResultMessage;
  /** @throws Fault `channel-unavailable`, `message-refused`: a test is not repeated */
  sendTest(channel: string, message: ResultMessage): Promise<TestedChannel>;
}

/** Reports of radiologists whose text is read, and where they and the results differ. */
export interface ReportsPort {
  /** @throws Fault `request-invalid`, `request-refused` if this source is off */
  receive(resource: unknown, by: { readonly actor: string; readonly remote?: string }): Promise<ShownReceipt>;
  counts(): Promise<ShownReportCounts>;
  discordances(query: DiscordanceRequest): Promise<DiscordancePage>;
  /** Notes who has looked at it. @throws Fault `not-found` */
  review(studyInstanceUID: string, finding: string, reader: string): Promise<ShownDiscordance>;
}

export interface DiscordanceRequest {
  readonly kind?: DiscordanceKindName | undefined;
  readonly finding?: string | undefined;
  readonly state: 'open' | 'reviewed' | 'all';
  readonly limit: number;
  readonly after?: string | undefined;
}
