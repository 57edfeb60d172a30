/**
 * From where an account has logged in before: a hash of a browser's cookie, or of a network address. Guesses of others do not
 * lock these out. And the key under which the audit log hashes what was searched for: it names no patient.
 */
export const knownLogins0009 = {
  id: 9,
  name: 'known logins',
  sql: `
CREATE TABLE chest_ai.known_login (
  account text COLLATE "C" NOT NULL REFERENCES chest_ai.account ON DELETE CASCADE,
  origin_hash text COLLATE "C" NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (account, origin_hash)
);
CREATE TABLE chest_ai.audit_key (
  id integer PRIMARY KEY CHECK (id = 1),
  key text NOT NULL
);
CREATE INDEX login_failure_by_time ON chest_ai.login_failure (at);
`,
} as const;
