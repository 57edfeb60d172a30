import { Hl7Message } from '@medplum/core';
import { Hl7Client } from '@medplum/hl7';
import net from 'node:net';

/** Sends one message with Medplum's MLLP client, a program of others, and returns the acknowledgment as it parsed it. */
export async function sendHl7(port: number, message: string, encoding = 'utf-8'): Promise<Hl7Message> {
  const client = new Hl7Client({ host: '127.0.0.1', port, encoding });
  try {
    return await client.sendAndWait(Hl7Message.parse(message), { timeoutMs: 20_000 });
  } finally {
    await client.close();
  }
}

/** MSA-1 of an acknowledgment, and where and why (ERR-2, ERR-3). */
export function acknowledged(answer: Hl7Message): { readonly code: string; readonly controlId: string; readonly condition?: string } {
  const condition = answer.getSegment('ERR')?.getField(3)?.getComponent(1);
  return {
    code: answer.getSegment('MSA')!.getField(1)!.toString(),
    controlId: answer.getSegment('MSA')!.getField(2)?.toString() ?? '',
    ...(condition ? { condition } : {}),
  };
}

/** Writes bytes and collects what comes back until the connection ends or `done` is satisfied. */
export function exchangeBytes(
  port: number,
  bytes: Uint8Array,
  { isDone = () => false, host = '127.0.0.1' }: { readonly isDone?: (received: Buffer) => boolean; readonly host?: string } = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host });
    let received = Buffer.alloc(0);
    const end = (): void => {
      socket.destroy();
      resolve(received);
    };
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (isDone(received)) end();
    });
    socket.on('close', end);
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? end() : reject(error)));
    socket.write(bytes);
  });
}

export function framed(message: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.of(0x0b), Buffer.from(message), Buffer.of(0x1c, 0x0d)]);
}

export interface OruContent {
  readonly controlId?: string;
  readonly accession?: string;
  readonly order?: string;
  /** PID-3. */
  readonly patient?: string;
  /** OBR-25. */
  readonly status?: string;
  /** OBR-22. */
  readonly at?: string;
  /** MSH-18. */
  readonly characterSet?: string;
  /** MSH-9 and MSH-11. */
  readonly type?: string;
  readonly processing?: string;
  /** OBX-5 of each line; with OBX-3 and OBX-11 if it is an object. */
  readonly lines: readonly (
    | string
    | { readonly code?: string; readonly type?: string; readonly value: string; readonly status?: string }
  )[];
}

/** An ORU^R01 as a RIS writes it, segments ended by CR. */
export function oru(content: OruContent): string {
  const {
    controlId = 'MSG0001',
    accession = 'PH2',
    order = accession,
    patient = 'PHANTOM-2^^^PHANTOMS^PI',
    status = 'F',
    at = '20260102101500',
    characterSet = 'UNICODE UTF-8',
    type = 'ORU^R01^ORU_R01',
    processing = 'P',
  } = content;
  return [
    `MSH|^~\\&|RIS|HOSPITAL|CHESTAI|RADIOLOGY|${at}||${type}|${controlId}|${processing}|2.5.1||||||${characterSet}`,
    `PID|1||${patient}||PHANTOM^OPACITY||19600101|F`,
    'PV1|1|I',
    `ORC|RE|P${order}|${order}`,
    `OBR|1|P${order}|${order}|36643-5^XR Chest 2 Views^LN|||${at}|||||||||||${accession}||||${at}||RAD|${status}`,
    ...content.lines.map((line, index) => {
      const {
        code = '59776-5^Befund^LN',
        type: valueType = 'TX',
        value,
        status: lineStatus = status,
      } = typeof line === 'string' ? { value: line } : line;
      return `OBX|${index + 1}|${valueType}|${code}||${value}||||||${lineStatus}`;
    }),
  ]
    .map((segment) => `${segment}\r`)
    .join('');
}
