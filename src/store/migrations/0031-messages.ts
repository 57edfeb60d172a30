/** Outbound messages: what each channel was, or is to be, sent about a result. UIDs and names of findings only. */
export const messages0031 = {
  id: 31,
  name: 'messages',
  sql: `
CREATE TABLE chest_ai.message (
  number bigint GENERATED ALWAYS AS IDENTITY,
  message_id text COLLATE "C" PRIMARY KEY,
  channel text COLLATE "C" NOT NULL,
  study_instance_uid text COLLATE "C" NOT NULL,
  result_id text COLLATE "C" NOT NULL,
  planned_at timestamptz(3) NOT NULL,
  is_correction boolean NOT NULL,
  is_queued boolean NOT NULL DEFAULT false,
  findings jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'failing', 'accepted', 'refused', 'closed')),
  changed_at timestamptz(3) NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  code text,
  reason text,
  receiver_reference text
);
CREATE INDEX message_of_study ON chest_ai.message (study_instance_uid, channel);
CREATE INDEX message_of_channel ON chest_ai.message (channel, number DESC);
`,
} as const;
