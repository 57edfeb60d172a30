/**
 * Who may ask, and what was done. Names here are those of staff and programs, never of patients. Nothing that opens a door is
 * kept as it was given: passwords as argon2id, sessions and tokens as SHA-256, what failed at the login as SHA-256 too
 * (people type a password, or a patient's name, into the wrong field).
 *
 * The audit log is appended to and never changed: each entry holds the hash of the one before, and a trigger refuses the rest.
 */
export const accessAndAudit0003 = {
  id: 3,
  name: 'access-and-audit',
  sql: `
CREATE TABLE chest_ai.account (
  name text COLLATE "C" PRIMARY KEY,
  origin text NOT NULL CHECK (origin IN ('local', 'oidc')),
  subject text UNIQUE,
  password_hash text,
  roles jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  password_changed_at timestamptz(3),
  must_change boolean NOT NULL DEFAULT false,
  disabled_at timestamptz(3)
);

CREATE TABLE chest_ai.session (
  id_hash text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL REFERENCES chest_ai.account ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL
);
CREATE INDEX session_by_account ON chest_ai.session (account);

CREATE TABLE chest_ai.token (
  name text COLLATE "C" PRIMARY KEY,
  token_hash text COLLATE "C" NOT NULL UNIQUE,
  roles jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3)
);

CREATE TABLE chest_ai.login_failure (
  key_hash text COLLATE "C" NOT NULL,
  at timestamptz(3) NOT NULL
);
CREATE INDEX login_failure_by_key ON chest_ai.login_failure (key_hash, at);

CREATE TABLE chest_ai.audit_entry (
  seq bigint PRIMARY KEY,
  at text NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
  remote text NOT NULL,
  subject text NOT NULL,
  previous_hash text NOT NULL,
  hash text NOT NULL
);

CREATE FUNCTION chest_ai.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON chest_ai.audit_entry FOR EACH ROW EXECUTE FUNCTION chest_ai.refuse_change();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON chest_ai.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION chest_ai.refuse_change();
`,
} as const;
