/**
 * Objects of audit actions (the part before the point) that had other names in releases up to 0.2.0. Entries of that time are never
 * changed, so that a search for an object and the export as AuditMessage take its former name for the present one.
 */
const formerObjects: Readonly<Record<string, string>> = { assessment: 'verdict', upload: 'answer', job: 'work' };

/** Verbs of audit actions that had other names. */
const formerVerbs: Readonly<Record<string, string>> = { 'answer.ask': 'upload.analyze' };

/** The present name of an action. */
export function presentAction(action: string): string {
  if (Object.hasOwn(formerVerbs, action)) return formerVerbs[action]!;
  const [object = '', ...verb] = action.split('.');
  const present = Object.entries(formerObjects).find(([, former]) => former === object)?.[0] ?? object;
  return [present, ...verb].join('.');
}

/** The names under which entries of an action, or of all actions on an object, may stand in the log. */
export function namesOfAction(action: string): readonly string[] {
  const present = presentAction(action);
  const [object = '', ...verb] = present.split('.');
  const byVerb = Object.entries(formerVerbs).flatMap(([former, one]) => (one === present ? [former] : []));
  const byObject = Object.hasOwn(formerObjects, object) ? [[formerObjects[object]!, ...verb].join('.')] : [];
  return [...new Set([action, present, ...byVerb, ...byObject])];
}
