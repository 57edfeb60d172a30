/**
 * What all processes on one database share about models: the changes of champion and challenger, the change records, the files of
 * versions, and what retraining has to remember (the locked test set, the key of patients' hashes, the labels of the last run).
 * Until release 0.2.0 these were files below DATA_DIR, one set for each process. With the embedded database they still are.
 */
export const sharedModels0010 = {
  id: 10,
  name: 'shared models',
  sql: `
CREATE TABLE chest_ai.model_alias (
  revision integer PRIMARY KEY CHECK (revision > 0),
  state jsonb NOT NULL
);
CREATE TABLE chest_ai.model_change (
  id text COLLATE "C" PRIMARY KEY,
  record jsonb NOT NULL
);
CREATE TABLE chest_ai.model_version (
  version text COLLATE "C" PRIMARY KEY,
  added_at timestamptz(3) NOT NULL
);
CREATE TABLE chest_ai.model_file (
  version text COLLATE "C" NOT NULL REFERENCES chest_ai.model_version ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (version, name, part)
);
CREATE TABLE chest_ai.retraining_state (
  name text COLLATE "C" PRIMARY KEY,
  value jsonb NOT NULL
);
CREATE TABLE chest_ai.schedule_state (
  name text COLLATE "C" PRIMARY KEY,
  last_due text COLLATE "C" NOT NULL
);
`,
} as const;
