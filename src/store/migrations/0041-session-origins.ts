/** Where a session began and when an account logged in last, for administrators. Earlier sessions have neither browser nor address. */
export const sessionOrigins0041 = {
  id: 41,
  name: 'session-origins',
  sql: `
ALTER TABLE chest_ai.session ADD COLUMN browser text NOT NULL DEFAULT '';
ALTER TABLE chest_ai.session ADD COLUMN remote text NOT NULL DEFAULT '';
ALTER TABLE chest_ai.account ADD COLUMN last_login_at timestamptz(3);
`,
} as const;
