/** Studies whose analysis a person has requested, whatever the routing rules select; tokens of forms that may be sent once. */
export const requests0034 = {
  id: 34,
  name: 'requests',
  sql: `
CREATE TABLE chest_ai.analysis_request (
  study_instance_uid text COLLATE "C" PRIMARY KEY,
  requested_at timestamptz(3) NOT NULL,
  is_open boolean NOT NULL
);
CREATE TABLE chest_ai.one_time_token (
  token_hash text COLLATE "C" PRIMARY KEY,
  account text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX one_time_token_by_expiry ON chest_ai.one_time_token (expires_at);
`,
} as const;
