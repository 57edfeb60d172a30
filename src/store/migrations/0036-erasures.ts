/**
 * Marks of studies whose data were erased, by a keyed hash, and triggers by which nothing about such a study is recorded again, whichever
 * process still works on it. A transaction that records something holds the lock until its end; marking waits for it, so that no
 * record escapes both the mark and the erasing. A function body must have no line that ends with a semicolon (migrate.ts).
 */
export const erasures0036 = {
  id: 36,
  name: 'erasures',
  sql: `
CREATE TABLE chest_ai.erased_study (
  study_hash text COLLATE "C" PRIMARY KEY,
  erased_at timestamptz(3) NOT NULL
);
CREATE FUNCTION chest_ai.erased_study_hash(uid text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(decode(key, 'hex') || sha256(decode(key, 'hex') || convert_to('erased study ' || uid, 'UTF8'))), 'hex') FROM chest_ai.audit_key
$$;
CREATE FUNCTION chest_ai.erased_study_name(uid text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'erased-' || left(encode(sha256(convert_to(uid, 'UTF8')), 'hex'), 20)
$$;
CREATE FUNCTION chest_ai.skip_erased_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(205410901); IF EXISTS (SELECT 1 FROM chest_ai.erased_study WHERE study_hash = chest_ai.erased_study_hash(NEW.study_instance_uid)) THEN RETURN NULL; END IF; RETURN NEW; END
$$;
CREATE FUNCTION chest_ai.skip_erased_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(205410901); IF NOT EXISTS (SELECT 1 FROM chest_ai.result WHERE result_id = NEW.result_id) THEN RETURN NULL; END IF; RETURN NEW; END
$$;
CREATE FUNCTION chest_ai.hide_erased_study() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(205410901); IF EXISTS (SELECT 1 FROM chest_ai.erased_study WHERE study_hash = chest_ai.erased_study_hash(NEW.study_instance_uid)) THEN NEW.study_instance_uid := chest_ai.erased_study_name(NEW.study_instance_uid); END IF; RETURN NEW; END
$$;
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.study FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.result FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.message FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.reading FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.assessment FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.label FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.shadow_result FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.study_statistics FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_study BEFORE INSERT ON chest_ai.backfill_study FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_study();
CREATE TRIGGER skip_erased_result BEFORE INSERT ON chest_ai.delivery FOR EACH ROW EXECUTE FUNCTION chest_ai.skip_erased_result();
CREATE TRIGGER hide_erased_study BEFORE INSERT ON chest_ai.study_change FOR EACH ROW EXECUTE FUNCTION chest_ai.hide_erased_study();
`,
} as const;
