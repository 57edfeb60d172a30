import {
  Alert,
  Anchor,
  Button,
  CloseButton,
  FileButton,
  Grid,
  Group,
  Progress,
  SegmentedControl,
  Slider,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useEffect, useRef, useState, type DragEvent, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { AnalyzedImage, UploadAnalysisResult } from '../../server/page-types.js';
import { ApiFault, upload } from '../api.js';
import { sortedByImportance } from '../finding-order.js';
import { AnalyzedFindingCard } from '../parts/analyzed-finding.js';
import { OutcomeBadge } from '../parts/finding.js';
import { ModelChoice } from '../parts/model-choice.js';
import { Reason } from '../parts/reason.js';
import { sentenceOf } from '../sentence.js';
import { useTexts, type Translate } from '../texts/texts.js';

/** The default of the server, which also checks it. */
const maxMegabytes = 512;

interface ChosenFile {
  readonly id: number;
  readonly file: File;
  /** Version that was chosen when the file was added; empty: the deployed one. */
  readonly model: string;
}

export function AnalyzeView(): ReactNode {
  const { t } = useTexts();
  const [chosen, setChosen] = useState<readonly ChosenFile[]>([]);
  const [over, setOver] = useState(false);
  const [model, setModel] = useState('');
  const next = useRef(0);
  const add = (files: readonly File[]): void =>
    setChosen((before) => [...files.map((file) => ({ id: ++next.current, file, model })), ...before]);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files]);
  };
  return (
    <>
      <Title order={1} size="h2">
        {t('analyze.title')}
      </Title>
      <Text mb="md" className="quiet">
        {t('analyze.intro')}
      </Text>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files are dropped here with a pointer; the button below does the same by keyboard */}
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
        <FileButton
          multiple
          accept=".dcm,.dicom,.zip,.png,.jpg,.jpeg,application/dicom,application/zip,image/png,image/jpeg,*/*"
          onChange={add}
          inputProps={{ 'aria-label': t('analyze.choose') }}
        >
          {(props) => <Button {...props}>{t('analyze.choose')}</Button>}
        </FileButton>
      </div>
      <ModelChoice value={model} onChange={setModel} />
      <Stack mt="md" gap="md">
        {chosen.map((one) => (
          <Upload
            key={one.id}
            file={one.file}
            model={one.model}
            remove={() => setChosen((before) => before.filter(({ id }) => id !== one.id))}
          />
        ))}
      </Stack>
    </>
  );
}

type State =
  | { readonly kind: 'sending'; readonly share: number }
  | { readonly kind: 'refused'; readonly sentence: string; readonly again: boolean }
  | { readonly kind: 'analyzed'; readonly analysis: UploadAnalysisResult };

interface UploadProps {
  readonly file: File;
  readonly model: string;
  readonly remove: () => void;
}

function Upload({ file, model, remove }: UploadProps): ReactNode {
  const { t } = useTexts();
  const [state, setState] = useState<State>({ kind: 'sending', share: 0 });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt sends the file again; another language does not
  useEffect(() => {
    const megabytes = file.size / 2 ** 20;
    if (megabytes > maxMegabytes) {
      setState({
        kind: 'refused',
        again: false,
        sentence: t('analyze.tooLarge', { name: file.name, size: Math.round(megabytes), mb: maxMegabytes }),
      });
      return;
    }
    const stop = new AbortController();
    setState({ kind: 'sending', share: 0 });
    const path = model === '' ? '/api/analyze' : `/api/analyze?model=${encodeURIComponent(model)}`;
    upload<UploadAnalysisResult>(path, file, (share) => setState({ kind: 'sending', share }), stop.signal)
      .then((analysis) => setState({ kind: 'analyzed', analysis }))
      .catch((error: unknown) => !stop.signal.aborted && setState(refusal(error, t)));
    return () => stop.abort();
    // A change of the language does not send the file again.
  }, [file, model, attempt]);
  const lost = state.kind === 'refused' && state.again;
  useEffect(() => {
    if (!lost) return;
    // It is sent again as soon as the service responds.
    const timer = setInterval(
      () =>
        void fetch('/health', { headers: { 'X-Chest-Ai-Background': '1' } })
          .then((response) => response.ok && setAttempt((before) => before + 1))
          .catch(() => undefined),
      2_000,
    );
    return () => clearInterval(timer);
  }, [lost]);
  return (
    <section className="card" aria-label={file.name} data-testid="upload">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {file.name}
        </Text>
        <CloseButton aria-label={`${t('analyze.remove')}: ${file.name}`} onClick={remove} />
      </Group>
      {state.kind === 'sending' && (
        <Stack gap={6} role="status">
          <Text size="sm">{state.share < 1 ? t('analyze.sending', { percent: Math.round(state.share * 100) }) : t('analyze.running')}</Text>
          <Progress value={state.share < 1 ? state.share * 100 : 100} animated={state.share >= 1} aria-label={file.name} />
        </Stack>
      )}
      {state.kind === 'refused' && (
        <Alert color={state.again ? 'orange' : 'red'} role="alert" mt="xs">
          {state.sentence} {state.again && t('analyze.waiting')}
          <Button size="xs" variant="light" ml="md" onClick={() => setAttempt((before) => before + 1)}>
            {t('app.tryAgain')}
          </Button>
        </Alert>
      )}
      {state.kind === 'analyzed' && <Analysis analysis={state.analysis} />}
    </section>
  );
}

function refusal(error: unknown, t: Translate): State {
  const brokeOff = error instanceof ApiFault && (error.status === 0 || error.code === 'starting' || error.code === 'upload-broken-off');
  return { kind: 'refused', again: brokeOff, sentence: brokeOff ? t('analyze.brokeOff') : sentenceOf(error, t) };
}

function Analysis({ analysis }: { readonly analysis: UploadAnalysisResult }): ReactNode {
  const { t } = useTexts();
  return (
    <Stack gap="lg" mt="sm">
      {analysis.images.map((image) => (
        <Image key={image.title} image={image} version={analysis.model.version} />
      ))}
      <Text size="sm" className="quiet">
        {t('analyze.by', {
          model: analysis.model.name,
          version: analysis.model.version,
          engine: analysis.engine,
          ms: analysis.milliseconds,
        })}{' '}
        ·{' '}
        <Anchor component={Link} href={`/models/${analysis.model.version}`} size="sm">
          {t('analyze.card')}
        </Anchor>
      </Text>
    </Stack>
  );
}

function Image({ image, version }: { readonly image: AnalyzedImage; readonly version: string }): ReactNode {
  const { t } = useTexts();
  const findings = sortedByImportance(image.findings);
  const [shown, setShown] = useState(findings[0]?.name ?? '');
  const [strength, setStrength] = useState(50);
  const finding = findings.find((one) => one.name === shown);
  if (image.outcome !== 'reported') {
    return (
      <div>
        <Group gap="sm">
          <OutcomeBadge outcome={image.outcome} />
          <Text size="sm" className="quiet">
            {image.title}
          </Text>
        </Group>
        {image.code === 'not-frontal-chest' && (
          <Text mt="xs" fw={600}>
            {t('analyze.notChest')}
          </Text>
        )}
        <Reason {...image} />
      </div>
    );
  }
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, sm: 6, lg: 5 }}>
        {image.picture && (
          <Stack gap="xs">
            <div className="picture" data-testid="analyzed-picture">
              <img src={finding?.picture ?? image.picture.url} alt={image.title} />
              {finding?.heatMap && (
                <img
                  className="over"
                  src={finding.heatMap}
                  alt={t('analyze.heatMapOf', { finding: finding.meaning })}
                  style={{ opacity: strength / 100 }}
                />
              )}
              {finding?.box && finding.decision === 'present' && strength > 0 && (
                <span
                  className="box"
                  style={{
                    left: `${finding.box.left * 100}%`,
                    top: `${finding.box.top * 100}%`,
                    width: `${(finding.box.right - finding.box.left) * 100}%`,
                    height: `${(finding.box.bottom - finding.box.top) * 100}%`,
                  }}
                />
              )}
            </div>
            {findings.length > 1 && (
              <SegmentedControl
                size="xs"
                fullWidth
                value={shown}
                onChange={setShown}
                aria-label={t('analyze.heatMap')}
                data={findings.map((one) => ({ value: one.name, label: one.meaning }))}
              />
            )}
            <Slider value={strength} onChange={setStrength} label={(value) => `${value} %`} thumbLabel={t('analyze.opacity')} step={5} />
            <Text size="sm" className="quiet">
              {t('analyze.heatMap')}
            </Text>
          </Stack>
        )}
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 6, lg: 7 }}>
        <Stack gap="lg">
          <Text size="sm" className="quiet">
            {image.title}
          </Text>
          {findings.map((one) => (
            <AnalyzedFindingCard key={one.name} finding={one} network={image.kind === 'ct' ? 'ct' : 'xray'} version={version} />
          ))}
          {image.remarks.map((remark) => (
            <Text size="sm" key={remark} className="quiet">
              {remark.startsWith('A picture file does not state') ? t('analyze.remark.picture') : remark}
            </Text>
          ))}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
