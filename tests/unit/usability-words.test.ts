import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { en } from '../../src/web/texts/en.js';

type Texts = Readonly<Record<keyof typeof en, string>>;
const textsOf = (file: string): Texts => JSON.parse(readFileSync(join(projectRoot, 'src/web/texts', file), 'utf8')) as Texts;
const [de, fr] = [textsOf('de.json'), textsOf('fr.json')];

interface Row {
  /** As the review names it. */
  readonly now: string;
  readonly keys: readonly (keyof typeof en)[];
  /** How each of these texts begins in English, German and French. */
  readonly better: readonly [en: string, de: string, fr: string];
  /** In no text of the page any more. */
  readonly gone: RegExp;
}

const rows: readonly Row[] = [
  {
    now: 'Answer / Ask the model',
    keys: ['nav.analyze', 'analyze.title'],
    better: ['Analyze files', 'Dateien analysieren', 'Analyser des fichiers'],
    gone: /^Answer$|Ask the model|Modell fragen/i,
  },
  {
    now: 'Waits for a person / Wartet auf einen Menschen',
    keys: ['operations.failedJobs', 'messages.channel.refused'],
    better: ['Needs attention', 'Eingreifen nötig', 'Intervention nécessaire'],
    gone: /waits for a person|wartet auf einen Menschen/i,
  },
  {
    now: 'Parked / Abgestellt',
    keys: ['operations.failed'],
    better: ['Failed, on hold', 'Angehalten', 'Échec, suspendu'],
    gone: /\bparked\b|abgestellt/i,
  },
  { now: 'judge (a step)', keys: ['step.infer'], better: ['Inference', 'Inferenz', 'Inférence'], gone: /\bjudge/i },
  {
    now: 'headers / Köpfe',
    keys: ['step.metadata'],
    better: ['Read metadata', 'Kopfdaten lesen', 'Lire les métadonnées'],
    gone: /^headers$|Köpfe/i,
  },
  { now: 'in all', keys: ['step.total'], better: ['Total', 'Gesamt', 'Total'], gone: /\bin all\b/i },
  {
    now: '95 % (latency)',
    keys: ['operations.p95', 'trends.p95'],
    better: ['95th percentile', '95. Perzentil', '95e percentile'],
    gone: /^95 %$/,
  },
  {
    now: 'Is it whole?',
    keys: ['audit.integrity'],
    better: ['Integrity', 'Integrität', 'Intégrité'],
    gone: /is it whole|ist es vollständig\?/i,
  },
  { now: 'at rest', keys: ['retraining.idle'], better: ['Idle', 'Inaktiv', 'Inactif'], gone: /\bat rest\b|\bruht\b/i },
  {
    now: 'Look now',
    keys: ['drift.check', 'audit.verify'],
    better: ['Check now', 'Jetzt prüfen', 'Contrôler maintenant'],
    gone: /look now|jetzt nachsehen/i,
  },
  {
    now: 'Drift was not looked at yet',
    keys: ['drift.none'],
    better: ['Not checked yet', 'Noch nicht geprüft', 'Pas encore contrôlé'],
    gone: /drift was not looked at/i,
  },
  {
    now: 'Present password',
    keys: ['password.current'],
    better: ['Current password', 'Aktuelles Passwort', 'Mot de passe actuel'],
    gone: /present password|jetziges Passwort/i,
  },
  {
    now: 'Rechenwerk',
    keys: ['operations.engine', 'system.version.engine'],
    better: ['Inference engine', 'Inferenz-Engine', 'Moteur d’inférence'],
    gone: /Rechenwerk/i,
  },
  {
    now: 'No study fits',
    keys: ['worklist.nothingFound'],
    better: ['No matching studies', 'Keine passenden Studien', 'Aucun examen correspondant'],
    gone: /no study fits|keine Studie passt/i,
  },
];

for (const { now, keys, better, gone } of rows) {
  test(`usability, words: "${now}" is ${better.slice(0, 2).join(', ')}`, () => {
    for (const [index, texts] of [en as Texts, de, fr].entries()) {
      for (const key of keys) assert.ok(texts[key].startsWith(better[index]!), `${key}: ${texts[key]}`);
      assert.deepEqual(
        Object.entries(texts).filter(([, text]) => gone.test(text)),
        [],
      );
    }
  });
}
