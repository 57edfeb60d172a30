import { serverAccessOf } from '../http/server-access.js';
import { checkPacs } from '../monitoring/pacs-checks.js';
import { applyTimeZone, loadConfig, modelLinesOf, type Config, type ModelLine } from '../config.js';
import { DicomWeb } from '../dicomweb/client.js';
import { describeEngines } from '../engine/describe-engines.js';
import { driverVersions } from '../engine/driver-versions.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { createLog } from '../log.js';
import { OrthancClient } from '../orthanc/client.js';
import { findOrthanc } from '../orthanc/find-orthanc.js';
import { defaultLine } from '../lib/model-line.js';
import { checkLabelNames } from '../result-labels/label-names.js';
import { checkTerms } from '../serving/model-serving.js';
import { chosenModel } from './chosen-model.js';
import { channelsToExamine } from './doctor-channels.js';
import { examineCertificates, examineDataDir, isTooOld, sharedTitles } from './doctor-dependencies.js';
import { findOpenFiles } from '../lib/private-files.js';
import { destinationKind, destinationName, loadRouting, type DestinationKind } from '../routing/rules.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';

/** One line of the examination. */
interface Check {
  readonly name: string;
  readonly state: 'good' | 'note' | 'bad';
  readonly detail: string;
  /** What to do; empty if nothing needs to be done. */
  readonly fix: string;
}

const maxClockSkewMs = 5_000;

/** `doctor`: tries every part of the installation. Exit status 1 if one does not work. */
export async function doctor(options: { readonly json: boolean }): Promise<void> {
  let bad = 0;
  const report = (check: Check): void => {
    if (check.state === 'bad') bad++;
    // `mend` is the name of `fix` in releases up to 0.2.0; it is printed for one more release.
    if (options.json) console.log(JSON.stringify({ ...check, mend: check.fix }));
    else
      console.log(
        `${{ good: 'ok  ', note: 'note', bad: 'BAD ' }[check.state]}  ${check.name.padEnd(22)} ${check.detail}${check.fix ? `\n      → ${check.fix}` : ''}`,
      );
  };
  report({ name: 'Node', state: 'good', detail: process.versions.node, fix: '' });
  const config = await examine(report, 'configuration', 'correct the file or variable that the message names', async () => ({
    value: loadConfig(),
    detail: 'valid',
  }));
  if (config) {
    examineTimeZone(config, report);
    await examineFiles(config, report);
    await examineEngines(report);
    await examineStorage(config, report);
    await examineOrthanc(config, report);
    await examineChannels(config, report);
    for (const check of await examineCertificates(config)) report(check);
  }
  if (bad > 0) process.exitCode = 1;
}

type Report = (check: Check) => void;

/** Runs one check and reports its fault, if any. */
async function examine<T>(
  report: Report,
  name: string,
  fix: string,
  work: () => Promise<{ value: T; detail: string }>,
): Promise<T | undefined> {
  try {
    const { value, detail } = await work();
    report({ name, state: 'good', detail, fix: '' });
    return value;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report({ name, state: 'bad', detail: error.message, fix });
    return undefined;
  }
}

async function examineFiles(config: Config, report: Report): Promise<void> {
  await examine(
    report,
    'private files',
    `run: chmod -R go-rwx ${config.dataDir} (as root if the files belong to another account); a start of the service does it too`,
    async () => {
      const { paths, foreign } = findOpenFiles(config.dataDir);
      if (paths.length > 0)
        throw new Fault(
          'config-invalid',
          `other accounts of this machine can access ${paths.length} files and folders of DATA_DIR, for example ${paths[0]}${foreign.length > 0 ? `; ${foreign.length} belong to another account, for example ${foreign[0]}` : ''}`,
          { source: config.dataDir },
        );
      return { value: true, detail: `only this account can read ${config.dataDir}` };
    },
  );
  await examine(report, 'routing rules', 'correct config/routing.yaml where the message says', async () => {
    const { rules } = loadRouting(config.routingFile);
    return { value: rules, detail: `${rules.length} rules` };
  });
  for (const line of modelLinesOf(config)) await examineModel(config, line, report);
}

async function examineModel(config: Config, line: ModelLine, report: Report): Promise<void> {
  const isDefault = line.name === defaultLine;
  await examine(
    report,
    isDefault ? 'model and codes' : `model line ${line.name}`,
    isDefault
      ? 'give config/findings.json an entry for each output of the model, or restore models/ from the release'
      : `give config/findings.json an entry for each finding of the line, correct the setting models, or import and promote a version (--line ${line.name})`,
    async () => {
      const version = await chosenModel('champion', config, line.name);
      checkTerms(version, loadFindings(config.findingsFile), line);
      return { value: version, detail: `${version.name} ${version.version}, for ${Object.keys(version.networks).join(' and ')}` };
    },
  );
}

function examineTimeZone(config: Config, report: Report): void {
  const { name, origin, isStated } = applyTimeZone(config);
  const from = { timeZone: 'by the setting timeZone', TZ: 'by TZ', host: "the host's" }[origin];
  const example = new Date().toLocaleString('sv');
  report({
    name: 'time zone',
    state: isStated ? 'good' : 'note',
    detail: `${name}, ${from}; it is ${example} there`,
    fix: isStated ? '' : 'set TIME_ZONE to the time zone of the hospital, for example Europe/Berlin: a container does not know it',
  });
}

/** One engine has to be there; the others are told with the way to add them. */
async function examineEngines(report: Report): Promise<void> {
  const { nvidia, vulkan, libraries } = await driverVersions();
  const detail = [
    nvidia.join('; ') || 'no NVIDIA driver',
    vulkan.length ? `Vulkan: ${vulkan.join(', ')}` : 'no Vulkan driver',
    libraries.join(', ') || 'no CUDA libraries',
  ].join('; ');
  report({ name: 'graphics', state: 'good', detail, fix: '' });
  const engines = await describeEngines();
  for (const { name, present, detail, howToAdd } of engines)
    report({ name, state: present ? 'good' : 'note', detail, fix: present ? '' : howToAdd });
  if (!engines.some((one) => one.present)) report({ name: 'engines', state: 'bad', detail: 'none starts', fix: 'npm ci' });
}

async function examineStorage(config: Config, report: Report): Promise<void> {
  for (const check of await examineDataDir(config)) report(check);
  const location = storeLocation(config);
  await examine(
    report,
    'database',
    'start PostgreSQL, check DATABASE_URL, and do what the message says; for an embedded database, run the command as the account of the service',
    async () => {
      const store = await openStoreBesideService(location, createLog({ level: 'error' }));
      await store.close();
      return {
        value: true,
        detail:
          store.kind === 'embedded'
            ? `embedded, ${store.name}${store.isForwarded ? ', of the running service' : ''}`
            : `PostgreSQL, ${store.name}`,
      };
    },
  );
}

/** Each channel for messages is connected to; none is sent anything. */
async function examineChannels(config: Config, report: Report): Promise<void> {
  const channels = await examine(report, 'messages', 'correct the channel that the message names: docs/guide/messages.md', async () => {
    const value = channelsToExamine(config);
    return { value, detail: value.length === 0 ? 'no channel: nothing is sent to other systems' : `${value.length} channels` };
  });
  for (const { name, reach } of channels ?? [])
    await examine(
      report,
      name,
      'check address, port, certificates and account of the channel, and that the other system runs',
      async () => ({
        value: true,
        detail: await reach(),
      }),
    );
}

/** Settings of Orthanc under which every study would fail. What does not answer at all was told before. */
async function examineSettings(orthanc: OrthancClient, dicomWeb: DicomWeb, report: Report): Promise<void> {
  try {
    for (const check of await checkPacs({ orthanc, dicomWeb })) report(check);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report({ name: 'settings of Orthanc', state: 'note', detail: error.message, fix: 'correct the problem above, then run doctor again' });
  }
}

/** Labels of results: an Orthanc without labels is no fault. */
async function examineLabels({ resultLabels, findingsFile }: Config, orthanc: OrthancClient, report: Report): Promise<void> {
  if (!resultLabels.enabled) return;
  await examine(report, 'result labels', 'correct the setting resultLabels', async () => {
    checkLabelNames(resultLabels, Object.keys(loadFindings(findingsFile).findings));
    return { value: true, detail: `begin with ${resultLabels.prefix}` };
  });
  const version = await orthanc.versionWithoutLabels();
  if (version !== undefined)
    report({
      name: 'labels in Orthanc',
      state: 'note',
      detail: `none are set: Orthanc ${version} has none`,
      fix: 'update Orthanc to 1.12 or later',
    });
}

async function examineOrthanc(config: Config, report: Report): Promise<void> {
  const { orthanc: settings } = config;
  if (!settings.url) {
    const program = await findOrthanc();
    report({
      name: 'Orthanc',
      state: 'note',
      detail: program ? 'ORTHANC_URL is not set; a private Orthanc will be started' : 'ORTHANC_URL is not set and no Orthanc is installed',
      fix: 'to serve your PACS set ORTHANC_URL, ORTHANC_USERNAME and ORTHANC_PASSWORD',
    });
    return;
  }
  const url = settings.url.replace(/\/+$/, '');
  const endpoint = {
    ...serverAccessOf(settings),
    timeoutMs: Math.min(settings.requestTimeoutMs, 10_000),
  };
  const orthanc = new OrthancClient({ ...endpoint, url });
  const dicomWeb = new DicomWeb({ ...endpoint, url: url + settings.dicomWebPath });
  try {
    const system = await examine(
      report,
      'Orthanc',
      'check ORTHANC_URL, ORTHANC_USERNAME, ORTHANC_PASSWORD, orthanc.caFile and orthanc.tokenFile; Orthanc must allow remote access',
      async () => {
        const value = await orthanc.system();
        return { value, detail: `${value.version} at ${orthanc.url}` };
      },
    );
    if (!system) return;
    if (isTooOld(system.version))
      report({
        name: 'version of Orthanc',
        state: 'bad',
        detail: `${system.version} is older than 1.10`,
        fix: 'update Orthanc to 1.10 or later',
      });
    await examine(
      report,
      'DICOMweb',
      `load the DICOMweb plugin in Orthanc (orthanc-dicomweb) and check orthanc.dicomWebPath; tried: ${dicomWeb.url}`,
      async () => {
        const plugin = await orthanc.dicomWebPlugin();
        await dicomWeb.searchForStudies({}, { limit: 1 });
        return { value: plugin, detail: `plugin ${plugin?.version ?? 'of unknown version'}, answers at ${dicomWeb.url}` };
      },
    );
    await examineSettings(orthanc, dicomWeb, report);
    await examine(report, 'plugins', 'remove the plugin named from Orthanc', async () => {
      const plugins = await orthanc.plugins();
      if (plugins.includes('gdcm'))
        throw new Fault('config-invalid', 'the plugin gdcm is loaded; with some JPEG 2000 images it ends the whole Orthanc');
      return { value: plugins, detail: plugins.join(', ') };
    });
    await examineLabels(config, orthanc, report);
    await examine(report, 'clock', 'keep both machines on the same time (NTP)', async () => {
      const skewMs = Math.abs((await orthanc.clock()).getTime() - Date.now());
      if (skewMs > maxClockSkewMs) throw new Fault('config-invalid', `Orthanc's clock and ours differ by ${Math.round(skewMs / 1000)} s`);
      return { value: skewMs, detail: `differs by ${Math.round(skewMs / 1000)} s from Orthanc's` };
    });
    await examine(
      report,
      'AE titles',
      "give each system an AE title of its own, in DicomModalities and in the other system's configuration",
      async () => {
        const titles = await orthanc.modalityTitles();
        const shared = sharedTitles(system.dicomAet, titles);
        if (shared.length > 0) throw new Fault('config-invalid', `two systems have one AE title: ${shared.join('; ')}`);
        return { value: titles, detail: `${[system.dicomAet, ...titles.map((one) => one.aet)].join(', ')}` };
      },
    );
    await examine(
      report,
      'destinations',
      'add the name under DicomModalities or OrthancPeers in Orthanc, or correct config/routing.yaml',
      async () => {
        const wanted = loadRouting(config.routingFile).rules.flatMap((rule) => rule.destinations);
        const [modality, peer] = await Promise.all([orthanc.modalities(), orthanc.peers()]);
        const known: Readonly<Record<DestinationKind, readonly string[]>> = { modality, peer };
        const missing = wanted.filter((one) => !known[destinationKind(one)].includes(destinationName(one))).map(destinationName);
        if (missing.length > 0) throw new Fault('destination-unknown', `Orthanc does not know ${[...new Set(missing)].join(', ')}`);
        return {
          value: wanted,
          detail: wanted.length ? [...new Set(wanted.map(destinationName))].join(', ') : 'none configured: results stay in Orthanc',
        };
      },
    );
  } finally {
    orthanc.close();
    dicomWeb.close();
  }
}
