/**
 * Erased studies (migrations/0036) in the tables of requests, silent trials and radiologists' reports. A report of an erased study remains
 * unmatched: it does not name the study.
 */
export const erasuresOfLaterTables0038 = {
  id: 38,
  name: 'erasures-of-later-tables',
  sql: `
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.analysis_request FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.trial_study FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.identified_study FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.discordance FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE FUNCTION chest_ai.hide_erased_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(205410901); IF EXISTS (SELECT 1 FROM chest_ai.erased_study WHERE study_hash = chest_ai.erased_study_hash(NEW.stated_study_uid)) THEN NEW.stated_study_uid := NULL; END IF; IF EXISTS (SELECT 1 FROM chest_ai.erased_study WHERE study_hash = chest_ai.erased_study_hash(NEW.study_instance_uid)) THEN NEW.study_instance_uid := NULL; NEW.state := 'unmatched'; NEW.reason := 'no-study'; END IF; RETURN NEW; END
$$;
CREATE TRIGGER hide_erased_report BEFORE INSERT OR UPDATE ON chest_ai.radiology_report FOR EACH ROW EXECUTE FUNCTION chest_ai.hide_erased_report();
`,
} as const;
