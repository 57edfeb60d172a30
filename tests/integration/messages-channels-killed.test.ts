import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFhirServer, type FhirPeer } from '../support/fhir-server.js';
import { startMailServer, type MailServer } from '../support/mail-server.js';
import { startMllpServer, type MllpPeer } from '../support/mllp-server.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { spawnService, type SpawnedService } from '../support/service.js';
import { startTrapRelay, type TrapRelay } from '../support/trap-relay.js';

const patience = { timeoutMs: 90_000, intervalMs: 100 };

/** SIGKILL of the service immediately before, and after, the answer of a RIS, a FHIR server and a mail server has reached it. */
describe('kill -9 at the answer of the other system', () => {
  let ris: MllpPeer;
  let fhir: FhirPeer;
  let mail: MailServer;
  const relays: Record<string, TrapRelay> = {};
  let service: SpawnedService | undefined;
  after(async () => {
    await service?.kill();
    for (const relay of Object.values(relays)) await relay.stop();
    await Promise.all([ris?.stop(), fhir?.stop(), mail?.close()]);
  });
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('messages-channels-killed');
  const configFile = join(temporaryDirectory('messages-channels-killed-config'), 'config.yaml');
  const start = (): Promise<SpawnedService> =>
    spawnService(pacs.orthanc, { dataDir, environment: { CONFIG_FILE: configFile, ENGINE: 'onnx-cpu' } });

  before(async () => {
    [ris, fhir, mail] = [await startMllpServer(), await startFhirServer(), await startMailServer()];
    relays['hl7'] = await startTrapRelay(ris.port);
    relays['fhir'] = await startTrapRelay(Number(new URL(fhir.url).port));
    relays['email'] = await startTrapRelay(mail.port);
    const host = '127.0.0.1';
    const email = { host, port: relays['email'].port, encryption: 'none', from: 'ai@hospital.example', to: ['on-call@hospital.example'] };
    writeFileSync(
      configFile,
      JSON.stringify({
        messages: {
          channels: [
            { name: 'hl7', hl7: { host, port: relays['hl7'].port } },
            { name: 'fhir', fhir: { url: `http://${host}:${relays['fhir'].port}/fhir` } },
            { name: 'email', email },
          ],
          rules: ['hl7', 'fhir', 'email'].map((channel) => ({ channel, decision: 'any', site: `KILLED ${channel}` })),
        },
        orthanc: { pollIntervalMs: 200, stabilityCheckMs: 300 },
      }),
    );
    service = await start();
  });

  /** The ids of the messages about a study that the peer has accepted; of a FHIR server, of the reports that it then has. */
  const idsAtPeer: Readonly<Record<string, (study: string) => Promise<readonly string[]>>> = {
    hl7: async (study) =>
      ris.received.filter((one) => one.toString().includes(study)).map((one) => String(one.getSegment('MSH')!.getField(10))),
    fhir: async (study) => {
      const reports = await fhir.repository.searchResources({ resourceType: 'DiagnosticReport', count: 100 } as never);
      return reports.filter((one) => JSON.stringify(one).includes(study)).map(({ id }) => id!);
    },
    email: async (study) => mail.received.filter(({ mail: one }) => one.text?.includes(study)).map(({ mail: one }) => one.messageId!),
  };
  const answers = { hl7: /MSA\|AA/, fhir: /transaction-response/, email: /queued as/ } as const;

  for (const [channel, answer] of Object.entries(answers))
    for (const when of ['before', 'after'] as const)
      test(`${channel}, ${when} the answer: the same message, or one resource, and it is accepted in the end`, async () => {
        const { studyInstanceUID, files } = chestStudy(`killed ${channel} ${when}`, [
          { attributes: { InstitutionName: `killed ${channel}` } },
        ]);
        const victim = service!;
        relays[channel]!.set({ when, answer, spring: () => void victim.process.kill('SIGKILL') });
        await sendByCStore(files, pacs.orthanc);
        await eventually('the service dies', () => assert.equal(victim.process.signalCode, 'SIGKILL'), patience);
        service = await start();
        await eventually(
          'the message is accepted',
          () => assert.match(victim.output() + service!.output(), new RegExp(`a message was accepted.*${studyInstanceUID}`)),
          patience,
        );
        const ids = await idsAtPeer[channel]!(studyInstanceUID);
        assert.equal(new Set(ids).size, 1, String(ids));
        if (channel === 'fhir') assert.equal(ids.length, 1);
        else if (when === 'before') assert.equal(ids.length, 2, 'the answer was lost, so it is sent again');
        else assert.ok(ids.length <= 2);
      });
});
