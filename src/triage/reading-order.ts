/** A study in the worklist, as far as the order of reading depends on it. */
export interface WaitingStudy {
  readonly studyInstanceUID: string;
  readonly urgency: number;
  readonly waitingSince: Date;
}

/** Studies that wait since this moment or longer have exceeded the limit. */
export function limitOf(now: Date, maxWaitMinutes: number): Date {
  return new Date(now.getTime() - maxWaitMinutes * 60_000);
}

export function isOverdue({ waitingSince }: Pick<WaitingStudy, 'waitingSince'>, limit: Date): boolean {
  return waitingSince <= limit;
}

/**
 * The order in which studies that wait are read: those that have exceeded the limit, longest waiting first; then by falling urgency, among
 * equals longest waiting first. `src/store/worklist-order.ts` is the same order in SQL; a test compares both.
 */
export function compareWaiting(one: WaitingStudy, other: WaitingStudy, limit: Date): number {
  const [first, second] = [isOverdue(one, limit), isOverdue(other, limit)];
  if (first !== second) return first ? -1 : 1;
  return (first ? 0 : other.urgency - one.urgency) || one.waitingSince.getTime() - other.waitingSince.getTime() || compareUid(one, other);
}

function compareUid(one: WaitingStudy, other: WaitingStudy): number {
  return one.studyInstanceUID < other.studyInstanceUID ? -1 : one.studyInstanceUID > other.studyInstanceUID ? 1 : 0;
}
