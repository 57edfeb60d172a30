import { enArchive } from './en/archive.js';
import { enModels } from './en/models.js';
import { enPage } from './en/page.js';
import { enReading } from './en/reading.js';
import { enReports } from './en/reports.js';
import { enResearch } from './en/research.js';

/** Every text of the page in English; the other languages have the same keys. */
export const en = { ...enPage, ...enModels, ...enReading, ...enArchive, ...enReports, ...enResearch } as const;

export type TextKey = keyof typeof en;
