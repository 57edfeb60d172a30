/**
 * What readers said of studies, and the labels that follow. Readers are staff: the name of an account, or of the physician
 * who verified a document. Everything here comes again from the PACS (documents, and the labels of Orthanc's own).
 */
export const verdictsAndLabels0002 = {
  id: 2,
  name: 'verdicts-and-labels',
  sql: `
CREATE TABLE chest_ai.verdict (
  sop_instance_uid text COLLATE "C" PRIMARY KEY,
  series_instance_uid text COLLATE "C" NOT NULL,
  study_instance_uid text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('verdict', 'verified-report')),
  reader text COLLATE "C" NOT NULL,
  verified boolean NOT NULL,
  settles boolean NOT NULL,
  whence text NOT NULL,
  given_at timestamptz(3),
  findings jsonb NOT NULL,
  predecessors jsonb NOT NULL
);
CREATE INDEX verdict_by_study ON chest_ai.verdict (study_instance_uid, given_at);

CREATE TABLE chest_ai.label (
  study_instance_uid text COLLATE "C" NOT NULL,
  finding text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL,
  source text NOT NULL CHECK (source IN ('page', 'api', 'csv', 'verdict', 'verified-report', 'orthanc-label')),
  reader text COLLATE "C" NOT NULL,
  decision text NOT NULL CHECK (decision IN ('present', 'absent', 'undetermined')),
  verified boolean NOT NULL,
  settles boolean NOT NULL,
  given_at timestamptz(3),
  PRIMARY KEY (study_instance_uid, finding, origin)
);
CREATE INDEX label_by_origin ON chest_ai.label (origin);
`,
} as const;
