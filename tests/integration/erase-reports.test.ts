import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { ShownErasure } from '../../src/server/schemas/erasures.js';
import type { RunningService } from '../../src/service/start-service.js';
import { chestAi } from '../support/chest-ai-command.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { startTestService } from '../support/service.js';

describe('erasing of reports beside the running service', () => {
  let service: RunningService | undefined;
  after(() => service?.stop());
  const pacs = useOrthanc();
  const tokenFile = join(temporaryDirectory('erase-reports'), 'token');
  const erase = (...options: readonly string[]) => chestAi(['erase', ...options, '--token-file', tokenFile, '--url', service!.url]);
  const erased = async (...options: readonly string[]): Promise<ShownErasure> => {
    const { code, stdout, stderr } = await erase(...options, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ShownErasure;
  };

  before(async () => {
    service = await startTestService(pacs.orthanc, { reports: { fhir: true } });
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    writeFileSync(tokenFile, (await administration.addToken({ name: 'privacy', roles: ['admin'] }, { actor: 'test' })).token);
  });

  test("a patient's reports are erased that wait for their study, also if the PACS contains no study of the patient", async () => {
    const administration = administrationOf(service!.store, openAuditLog(service!.store.audit, silentLog));
    const { token } = await administration.addToken({ name: 'ris', roles: ['service'] }, { actor: 'test' });
    for (const value of ['NOWHERE', 'ELSEWHERE']) {
      const response = await fetch(`${service!.url}/api/reports`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/fhir+json', Authorization: `Bearer ${token}` },
        body: JSON.stringify({
          resourceType: 'DiagnosticReport',
          status: 'final',
          identifier: [
            { system: 'urn:ris', value },
            { type: { coding: [{ code: 'ACSN' }] }, value: `ACC ${value}` },
          ],
          subject: { identifier: { value } },
          conclusion: 'Pneumonia.',
        }),
      });
      assert.equal(((await response.json()) as { state: string }).state, 'waiting');
    }
    const found = await erased('--patient', 'NOWHERE');
    assert.deepEqual([found.studies, found.isErased, found.rows['radiology_report']], [[], false, 1]);
    const { stdout } = await erase('--patient', 'NOWHERE', '--dry-run');
    assert.match(stdout, /database: radiology_report 1;[\s\S]*Repeat the command with --yes/);
    assert.match((await erase('--patient', 'NOWHERE', '--yes')).stdout, /Erased\. Backups are not changed\. The PACS contains no study/);
    assert.equal((await erased('--patient', 'NOWHERE', '--yes')).isErased, false);
    assert.equal((await erased('--patient', 'ELSEWHERE')).rows['radiology_report'], 1);
  });
});
