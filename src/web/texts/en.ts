import { enAdministration } from './en/administration.js';
import { enArchive } from './en/archive.js';
import { enAssessing } from './en/assessing.js';
import { enAudit } from './en/audit.js';
import { enFaults } from './en/faults.js';
import { enFindings } from './en/findings.js';
import { enGateSentences } from './en/gate-sentences.js';
import { enHelp } from './en/help.js';
import { enImage } from './en/image.js';
import { enModels } from './en/models.js';
import { enOperations } from './en/operations.js';
import { enPage } from './en/page.js';
import { enReading } from './en/reading.js';
import { enReports } from './en/reports.js';
import { enResearch } from './en/research.js';
import { enRules } from './en/rules.js';
import { enSentences } from './en/sentences.js';

/** Every text of the page in English; the other languages have the same keys. */
export const en = {
  ...enAdministration,
  ...enArchive,
  ...enAssessing,
  ...enAudit,
  ...enFaults,
  ...enFindings,
  ...enGateSentences,
  ...enHelp,
  ...enImage,
  ...enModels,
  ...enOperations,
  ...enPage,
  ...enReading,
  ...enReports,
  ...enResearch,
  ...enRules,
  ...enSentences,
} as const;

export type TextKey = keyof typeof en;

export function isText(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}
