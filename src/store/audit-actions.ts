/**
 * Actions and objects of the audit log that releases up to 0.2.0 called otherwise. Entries are never changed, because their hashes
 * form a chain: they keep the former name, and are found and classified by the present one too.
 */
export const formerAuditNames: Readonly<Record<string, string>> = {
  /** Object: every action on a reader's assessment. */
  verdict: 'assessment',
  'answer.ask': 'file.analyze',
  'work.retry': 'job.retry',
};

/** The present name of an action: `assessment.give` for `verdict.give`. */
export function presentAction(action: string): string {
  const [object = '', verb] = action.split('.');
  return (
    formerAuditNames[action] ??
    (verb === undefined ? (formerAuditNames[object] ?? action) : `${formerAuditNames[object] ?? object}.${verb}`)
  );
}

/** All names under which entries of an action, or of an object (`assessment`), are stored; a former name finds the present entries too. */
export function storedActions(action: string): readonly string[] {
  const present = presentAction(action);
  const [object = '', verb] = present.split('.');
  const former = Object.entries(formerAuditNames).flatMap(([name, now]) => {
    if (now === present) return [name];
    if (now === object && verb !== undefined) return [`${name}.${verb}`];
    return verb === undefined && now.startsWith(`${object}.`) ? [name] : [];
  });
  return [...new Set([present, action, ...former])];
}
