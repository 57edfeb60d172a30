import { defineQueue } from '../jobs/queue.js';
import type { MessageJob, PlanJob } from './ports.js';

/** A study has a new result, to which the rules are applied; key: Study Instance UID. */
export const planQueue = defineQueue<PlanJob>('message-plan');

/** A message is to be sent; key: channel and study, so that a correction never overtakes what it corrects. */
export const messageQueue = defineQueue<MessageJob>('outbound-message');

/** A daily digest is to be sent by e-mail; key: channel. */
export const digestQueue = defineQueue<{ readonly channel: string; readonly until: string }>('message-digest');
