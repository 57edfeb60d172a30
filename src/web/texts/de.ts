import { deArchive } from './de/archive.js';
import { deAssessing } from './de/assessing.js';
import { deModels } from './de/models.js';
import { dePage } from './de/page.js';
import { deReading } from './de/reading.js';
import { deReports } from './de/reports.js';
import type { TextKey } from './en.js';

export const de: Readonly<Record<TextKey, string>> = { ...dePage, ...deModels, ...deReading, ...deArchive, ...deReports, ...deAssessing };
