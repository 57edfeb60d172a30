/** Figures of each hour, for the trends of Operations. Nothing about a study. */
export const hourlyFigures0042 = {
  id: 42,
  name: 'hourly-figures',
  sql: `
CREATE TABLE chest_ai.hourly_figure (
  hour timestamptz(3) PRIMARY KEY,
  reported integer NOT NULL,
  skipped integer NOT NULL,
  failed integer NOT NULL,
  median_ms double precision,
  p95_ms double precision,
  max_waiting integer NOT NULL
);
`,
} as const;
