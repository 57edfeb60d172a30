/**
 * Several model lines: everything about models belongs to a line, which is `default` for what earlier releases stored. Each finding
 * names the version that found it; what a model of lower precedence stated on the same finding is stored beside it.
 */
export const modelLines0030 = {
  id: 30,
  name: 'model-lines',
  sql: `
ALTER TABLE chest_ai.result ADD COLUMN other_findings jsonb NOT NULL DEFAULT '[]'::jsonb;
UPDATE chest_ai.result SET findings = (
  SELECT jsonb_agg(one.finding || jsonb_build_object('modelVersion', model_version) ORDER BY one.place)
  FROM jsonb_array_elements(findings) WITH ORDINALITY AS one (finding, place)
) WHERE model_version IS NOT NULL AND jsonb_array_length(findings) > 0;
ALTER TABLE chest_ai.study_statistics ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
DROP INDEX chest_ai.study_statistics_by_time;
DROP INDEX chest_ai.study_statistics_by_site;
CREATE INDEX study_statistics_by_time ON chest_ai.study_statistics (line, predicted_at);
CREATE INDEX study_statistics_by_site ON chest_ai.study_statistics (line, site, network, predicted_at);
ALTER TABLE chest_ai.drift_alarm ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
ALTER TABLE chest_ai.drift_alarm DROP CONSTRAINT drift_alarm_site_network_quantity_key;
ALTER TABLE chest_ai.drift_alarm ADD UNIQUE (line, site, network, quantity);
ALTER TABLE chest_ai.model_alias ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
ALTER TABLE chest_ai.model_alias DROP CONSTRAINT model_alias_pkey;
ALTER TABLE chest_ai.model_alias ADD PRIMARY KEY (line, revision);
ALTER TABLE chest_ai.model_change ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
ALTER TABLE chest_ai.model_change DROP CONSTRAINT model_change_pkey;
ALTER TABLE chest_ai.model_change ADD PRIMARY KEY (line, id);
ALTER TABLE chest_ai.model_file DROP CONSTRAINT model_file_version_fkey;
ALTER TABLE chest_ai.model_file DROP CONSTRAINT model_file_pkey;
ALTER TABLE chest_ai.model_version ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
ALTER TABLE chest_ai.model_version DROP CONSTRAINT model_version_pkey;
ALTER TABLE chest_ai.model_version ADD PRIMARY KEY (line, version);
ALTER TABLE chest_ai.model_file ADD COLUMN line text COLLATE "C" NOT NULL DEFAULT 'default';
ALTER TABLE chest_ai.model_file ADD PRIMARY KEY (line, version, name, part);
ALTER TABLE chest_ai.model_file ADD FOREIGN KEY (line, version) REFERENCES chest_ai.model_version ON DELETE CASCADE;
`,
} as const;
