/**
 * Who reads or has read a study, and the urgency by which those that wait are ordered. Studies that are older than the default limit of
 * four hours were read before anything was recorded here: they do not wait. An assessed study counts as read.
 */
export const readings0032 = {
  id: 32,
  name: 'readings',
  sql: `
CREATE TABLE chest_ai.reading (
  study_instance_uid text COLLATE "C" PRIMARY KEY,
  waits boolean NOT NULL,
  waiting_since timestamptz(3) NOT NULL,
  urgency double precision NOT NULL,
  age_group smallint CHECK (age_group BETWEEN 0 AND 4),
  encounter_class text CHECK (encounter_class IN ('emergency', 'inpatient', 'outpatient')),
  reader text,
  claimed_until timestamptz(3),
  read_at timestamptz(3)
);
INSERT INTO chest_ai.reading (study_instance_uid, waits, waiting_since, urgency, reader, read_at)
SELECT r.study_instance_uid, r.created_at > now() - interval '4 hours' AND r.rule IS NOT NULL AND r.code IS DISTINCT FROM 'ignored-by-rule',
  coalesce(s.first_seen_at, r.created_at), 0, a.reader, CASE WHEN a.reader IS NOT NULL THEN coalesce(a.given_at, now()) END
FROM chest_ai.result r
LEFT JOIN chest_ai.study s USING (study_instance_uid)
LEFT JOIN LATERAL (
  SELECT reader, given_at FROM chest_ai.assessment WHERE assessment.study_instance_uid = r.study_instance_uid
  ORDER BY given_at DESC NULLS LAST LIMIT 1
) a ON true
WHERE r.is_current;
CREATE INDEX reading_by_wait ON chest_ai.reading (waiting_since, study_instance_uid) WHERE waits AND read_at IS NULL;
CREATE INDEX reading_by_urgency ON chest_ai.reading (urgency DESC, waiting_since, study_instance_uid) WHERE waits AND read_at IS NULL;
CREATE INDEX reading_done ON chest_ai.reading (waiting_since DESC, study_instance_uid DESC) WHERE NOT waits OR read_at IS NOT NULL;
CREATE INDEX reading_claimed ON chest_ai.reading (claimed_until) WHERE claimed_until IS NOT NULL;
`,
} as const;
