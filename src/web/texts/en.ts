import { enAdministration } from './en/administration.js';
import { enArchive } from './en/archive.js';
import { enAssessing } from './en/assessing.js';
import { enAudit } from './en/audit.js';
import { enHelp } from './en/help.js';
import { enImage } from './en/image.js';
import { enModels } from './en/models.js';
import { enOperations } from './en/operations.js';
import { enPage } from './en/page.js';
import { enReading } from './en/reading.js';
import { enReports } from './en/reports.js';
import { enResearch } from './en/research.js';
import { enRules } from './en/rules.js';

/** Every text of the page in English; the other languages have the same keys. */
export const en = {
  ...enAdministration,
  ...enArchive,
  ...enAssessing,
  ...enAudit,
  ...enHelp,
  ...enImage,
  ...enModels,
  ...enOperations,
  ...enPage,
  ...enReading,
  ...enReports,
  ...enResearch,
  ...enRules,
} as const;

export type TextKey = keyof typeof en;
