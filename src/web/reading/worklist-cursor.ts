/** The chosen row of the worklist: its study, because rows come and go; and its place, for when the study is no longer in the list. */
export interface WorklistCursor {
  readonly study?: string | undefined;
  readonly index: number;
}

let placed: WorklistCursor = { index: 0 };

/** Stored while a study is open, so that the worklist is at the same position afterwards. */
export function placedCursor(): WorklistCursor {
  return placed;
}

/** @param studies of the worklist; a study that is not among them leaves the place as it is */
export function placeCursor(study: string | undefined, studies: readonly string[]): void {
  const index = study === undefined ? -1 : studies.indexOf(study);
  placed = { study, index: index >= 0 ? index : placed.index };
}

/** The row of the cursor: that of its study, else the one that is now in its place. -1 without rows. */
export function rowOf({ study, index }: WorklistCursor, studies: readonly string[]): number {
  const found = study === undefined ? -1 : studies.indexOf(study);
  return found >= 0 ? found : Math.min(Math.max(0, index), studies.length - 1);
}
