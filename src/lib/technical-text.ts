import { plainText } from './plain-text.js';

/**
 * What may be quoted of a text that another system wrote. A RIS or a FHIR server may put the name of a patient into its reason, and no
 * list of patterns finds every name; so only words of this list remain. Of numbers only those of HAPI's messages (HAPI-0541) do: others may be a birth date.
 */
const words = new Set(
  `a accept accepted access accession ack acknowledged acknowledgment actual after all allowed already an and any application are array at attribute
  authentication authorization bad be because before between body bundle but by cannot cardinality cause character characters client closed code coded
  codes coding column conditional conflict connection constraint contain contains content control could count create created criteria data database date
  datatype denied detail details device diagnosticreport did different disabled do does double duplicate element elements empty encoding end entry error
  errors event exactly exceeded exception exist existing exists expected expired expression extension facility failed failure field fields filler first
  for forbidden format found from fullurl function given hapi has have header http hl7 id identifier ignored in insufficient integer internal invalid is
  issue it item json length level limit line locked lookup maintenance malformed many match matched matches matching maximum message messages
  method minimum mismatch missing more msa msh multiple must name no none not null number obr observation obx occurred of on one only operation optional
  or orc order orders oru out parameter parse parser parsing path patient permission pid placer precondition present problem procedure processed
  processing profile property put pv1 query queue rate read reason received record reference referenced references refused reject rejected request requests
  required resource resources result results retry rule scope search seconds segment segments sending sequence server service set should size slice
  sql state status stored string structure study subject supported syntax system table temporarily test text than the then there this time timeout to
  token too transaction type unable unauthorized unavailable unexpected uid unique unknown unmarked unprocessable unrecognized unresolved unsupported
  update updated uri url urn user uuid validate validation value values version was were when while with within without write wrong xml
  abgelehnt abgeschlossen auftrag auftragsnummer bereits datensatz datenbank datum eindeutig ein eine fehler fehlt fehlerhaft feld gefunden gesperrt
  gültig intern interner kein keine kann konnte leer mehrere mit nachricht nicht nummer oder ohne patienten pflichtfeld segmentfolge storniert
  unbekannt unbekannte unbekannter und ungültig ungültige ungültiger unzulässig verarbeitet verarbeitung verboten vorhanden wert werden wurde zeichen zu
  zugriff`.split(/\s+/),
);
const maxLength = 300;

/** The technical words of a text in their order, each run of other ones as "…"; '' if there are none. */
export function technicalText(text: string): string {
  let isAnyKept = false;
  const kept = plainText(text, 4 * maxLength).replace(/HAPI-\d{4}\b|[\p{L}\p{M}\p{N}_]+/gu, (word) => {
    const isTechnical = words.has(word.toLowerCase()) || word.startsWith('HAPI-');
    isAnyKept ||= isTechnical;
    return isTechnical ? word : '…';
  });
  return isAnyKept ? plainText(kept.replace(/…(?:[^\p{L}\p{N}]*…)*[^\p{L}\p{N}\s]*/gu, '…').trim(), maxLength) : '';
}
