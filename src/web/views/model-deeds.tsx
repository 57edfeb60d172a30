import type { ReactNode } from 'react';
import type { ModelsPage } from '../../server/page-types.js';

/** Promote, roll back, retrain: shown where the server offers it. */
export function ModelDeeds(_: Pick<ModelsPage, 'history'>): ReactNode {
  return null;
}
