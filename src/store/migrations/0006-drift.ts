/**
 * What is kept of each judged study to tell drift by, the last comparison, and the alarms that came of it. No patient attribute but
 * an age in steps of twenty years. It does not come again from the PACS: a rebuild begins with empty tables.
 */
export const drift0006 = {
  id: 6,
  name: 'drift',
  sql: `
CREATE TABLE chest_ai.study_statistics (
  study_instance_uid text COLLATE "C" NOT NULL,
  network text NOT NULL CHECK (network IN ('xray', 'ct')),
  model_version text COLLATE "C" NOT NULL,
  site text COLLATE "C" NOT NULL,
  judged_at timestamptz(3) NOT NULL,
  numbers jsonb NOT NULL,
  names jsonb NOT NULL,
  decisions jsonb NOT NULL,
  PRIMARY KEY (study_instance_uid, model_version)
);
CREATE INDEX study_statistics_by_time ON chest_ai.study_statistics (judged_at);
CREATE INDEX study_statistics_by_site ON chest_ai.study_statistics (site, network, judged_at);
CREATE TABLE chest_ai.drift_alarm (
  id text COLLATE "C" PRIMARY KEY,
  site text COLLATE "C" NOT NULL,
  network text NOT NULL CHECK (network IN ('xray', 'ct')),
  quantity text COLLATE "C" NOT NULL,
  raised_at timestamptz(3) NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  over_at timestamptz(3),
  detail text NOT NULL,
  acknowledged_by text,
  acknowledged_at timestamptz(3),
  UNIQUE (site, network, quantity)
);
CREATE TABLE chest_ai.drift_state (
  name text COLLATE "C" PRIMARY KEY,
  value jsonb NOT NULL
);
`,
} as const;
