import { deArchive } from './de/archive.js';
import { deModels } from './de/models.js';
import { dePage } from './de/page.js';
import type { TextKey } from './en.js';

export const de: Readonly<Record<TextKey, string>> = { ...dePage, ...deModels, ...deArchive };
