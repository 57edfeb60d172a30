import { Button, Group, Text, Title } from '@mantine/core';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type DragEvent, type ReactNode } from 'react';
import type { UploadAnalysisResult } from '../../../server/page-types.js';
import { ApiFault, upload } from '../../api.js';
import { ModelChoice } from '../../parts/model-choice.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { filesOfDrop, filesOfInput, type ChosenFile } from './chosen-files.js';
import { Details } from './details.js';
import { groupSlices } from './group-slices.js';
import { UploadProgress } from './upload-progress.js';
import { rowsOf, type SummaryRow } from './summary-rows.js';
import { SummaryTable } from './summary-table.js';
import { UploadQueue, type QueuedUpload, type SendFile } from './upload-queue.js';
import { belowBase } from '../../base-path.js';

/** The default of the server, which also checks it. */
const maxMegabytes = 512;

/** Sends a file for analysis. @throws ApiFault */
export const sendFile: SendFile = ({ file, model, pictures }, onProgress, signal) => {
  if (file.size > maxMegabytes * 2 ** 20) return Promise.reject(new TooLarge(file.name, Math.round(file.size / 2 ** 20)));
  const query = new URLSearchParams({ ...(model === '' ? {} : { model }), ...(pictures ? {} : { pictures: 'none' }) });
  return upload<UploadAnalysisResult>(`/api/analyze${query.size > 0 ? `?${query}` : ''}`, file, onProgress, signal);
};

/** Refused before a byte of it is sent. */
class TooLarge extends Error {
  constructor(
    readonly file: string,
    readonly megabytes: number,
  ) {
    super(`${file} has ${megabytes} MB`);
  }
}

function isInterruption(error: unknown): boolean {
  return error instanceof ApiFault && (error.status === 0 || ['starting', 'upload-broken-off', 'too-busy'].includes(error.code));
}

async function untilReachable(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const response = await fetch(belowBase('/health'), { headers: { 'X-Chest-Ai-Background': '1' }, signal }).catch(() => undefined);
    if (response?.ok) return;
  }
}

export function AnalyzeView(): ReactNode {
  const { t } = useTexts();
  const queue = useMemo(() => new UploadQueue({ send: sendFile, isInterruption, untilReachable }), []);
  useEffect(() => () => queue.close(), [queue]);
  const uploads = useSyncExternalStore(queue.subscribe, queue.uploads);
  const [model, setModel] = useState('');
  const [reading, setReading] = useState(0);
  const [selected, setSelected] = useState<string>();
  const cachedRowsOf = useMemo(() => {
    // An upload is another object as soon as it changes: of thousands of files a few are computed anew.
    const known = new WeakMap<QueuedUpload, readonly SummaryRow[]>();
    const sentence = (error: unknown): string => {
      if (error instanceof TooLarge) return t('analyze.tooLarge', { name: error.file, size: error.megabytes, mb: maxMegabytes });
      return isInterruption(error) ? `${t('analyze.brokeOff')} ${t('analyze.waiting')}` : sentenceOf(error, t);
    };
    return (one: QueuedUpload): readonly SummaryRow[] => {
      const rows = known.get(one) ?? rowsOf(one, sentence);
      known.set(one, rows);
      return rows;
    };
  }, [t]);
  const rows = useMemo(() => uploads.flatMap(cachedRowsOf), [uploads, cachedRowsOf]);
  const add = (files: readonly ChosenFile[] | Promise<readonly ChosenFile[]>): void => {
    setReading((before) => before + 1);
    void Promise.resolve(files)
      .then((found) => groupSlices(found, maxMegabytes * 2 ** 20))
      .then((grouped) => queue.add(grouped, model))
      .finally(() => setReading((before) => before - 1));
  };
  // Without a choice, the first result is shown.
  const shown = rows.find(({ key }) => key === selected) ?? rows.find(({ index }) => index !== undefined);
  return (
    <>
      <Title order={1} size="h2">
        {t('analyze.title')}
      </Title>
      <Text mb="md" className="quiet">
        {t('analyze.intro')}
      </Text>
      <DropZone add={add} />
      <ModelChoice value={model} onChange={setModel} />
      {reading > 0 && (
        <Text role="status" mt="md">
          {t('analyze.reading')}
        </Text>
      )}
      {uploads.length > 0 && (
        <>
          <UploadProgress queue={queue} uploads={uploads} rows={rows} />
          <SummaryTable rows={rows} selected={shown?.key} select={setSelected} queue={queue} />
        </>
      )}
      {shown && shown.index !== undefined && <Details key={shown.key} row={shown} queue={queue} send={sendFile} />}
    </>
  );
}

function DropZone({ add }: { readonly add: (files: readonly ChosenFile[] | Promise<readonly ChosenFile[]>) => void }): ReactNode {
  const { t } = useTexts();
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    add(filesOfDrop(event.dataTransfer));
  };
  const chosen = (input: HTMLInputElement): void => {
    add(filesOfInput(input.files ?? []));
    // so that the same files can be chosen again
    input.value = '';
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are dropped here with a pointer; the buttons below do the same by keyboard
    <div
      className="drop"
      data-over={over}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <Text size="lg" fw={600}>
        {t('analyze.drop')}
      </Text>
      <Text size="sm" className="quiet" mb="md">
        {t('analyze.kinds', { mb: maxMegabytes })}
      </Text>
      <Group justify="center" gap="sm">
        <Button onClick={() => files.current?.click()}>{t('analyze.choose')}</Button>
        <Button variant="default" onClick={() => folder.current?.click()}>
          {t('analyze.chooseFolder')}
        </Button>
      </Group>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        accept=".dcm,.dicom,.zip,.png,.jpg,.jpeg,application/dicom,application/zip,image/png,image/jpeg,*/*"
        aria-label={t('analyze.choose')}
        data-testid="choose-files"
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        hidden
        aria-label={t('analyze.chooseFolder')}
        data-testid="choose-folder"
        onChange={(event) => chosen(event.currentTarget)}
      />
      <Text size="sm" className="quiet" mt="sm">
        {t('analyze.commandLine')} <span className="mono">chest-ai analyze --format csv FOLDER</span>
      </Text>
    </div>
  );
}
