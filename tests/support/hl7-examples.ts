import type { Hl7CharacterSet } from '../../src/hl7/character-set.js';
import { hl7Message, type Hl7Addressing } from '../../src/messages/hl7-message.js';
import { Fault } from '../../src/errors.js';
import type { ResultMessage } from '../../src/messages/ports.js';
import { oracleMessages } from './result-messages.js';

const sets: Readonly<Record<string, Hl7CharacterSet>> = { utf8: 'UNICODE UTF-8', latin1: '8859/1', ascii: 'ASCII' };

export const exampleAddressing: Hl7Addressing = {
  sendingApplication: 'CHESTAI^1.2.276.0.76.3.1.99.1^ISO',
  sendingFacility: 'RADIOLOGY',
  receivingApplication: 'RIS',
  receivingFacility: 'HOSPITAL',
  characterSet: 'UNICODE UTF-8',
};

export interface Hl7Example {
  readonly name: string;
  readonly message: ResultMessage;
  readonly addressing: Hl7Addressing;
}

/** Each example message in UTF-8; those with unusual characters also in the sets that have their identifiers. */
export const hl7Examples: readonly Hl7Example[] = Object.entries(oracleMessages).flatMap(([name, message]) =>
  Object.entries(sets)
    .map(([set, characterSet]) => ({ name: `${name}.${set}`, message, addressing: { ...exampleAddressing, characterSet } }))
    .filter(({ addressing }) => addressing.characterSet === 'UNICODE UTF-8' || /^(patient|delimiters|japanese)$/.test(name))
    .filter(isSent),
);

function isSent({ message, addressing }: Hl7Example): boolean {
  try {
    hl7Message(message, addressing);
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'message-refused') return false;
    throw thrown;
  }
}
