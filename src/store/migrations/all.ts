import { index0001 } from './0001-index.js';

export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/** In order. A migration that was released is never changed again: the next one corrects it. */
export const migrations: readonly Migration[] = [index0001];
