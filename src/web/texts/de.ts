import { deAdministration } from './de/administration.js';
import { deArchive } from './de/archive.js';
import { deAssessing } from './de/assessing.js';
import { deAudit } from './de/audit.js';
import { deHelp } from './de/help.js';
import { deImage } from './de/image.js';
import { deModels } from './de/models.js';
import { deOperations } from './de/operations.js';
import { dePage } from './de/page.js';
import { deReading } from './de/reading.js';
import { deReports } from './de/reports.js';
import { deResearch } from './de/research.js';
import { deRules } from './de/rules.js';
import type { TextKey } from './en.js';

export const de: Readonly<Record<TextKey, string>> = {
  ...deAdministration,
  ...deArchive,
  ...deAssessing,
  ...deAudit,
  ...deHelp,
  ...deImage,
  ...deModels,
  ...deOperations,
  ...dePage,
  ...deReading,
  ...deReports,
  ...deResearch,
  ...deRules,
};
