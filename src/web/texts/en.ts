import { enArchive } from './en/archive.js';
import { enAssessing } from './en/assessing.js';
import { enModels } from './en/models.js';
import { enPage } from './en/page.js';
import { enReading } from './en/reading.js';
import { enReports } from './en/reports.js';

/** Every text of the page in English; the other languages have the same keys. */
export const en = { ...enPage, ...enModels, ...enReading, ...enArchive, ...enReports, ...enAssessing } as const;

export type TextKey = keyof typeof en;
