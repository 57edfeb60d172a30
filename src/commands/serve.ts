import { startService } from '../service/start-service.js';
import { loadConfig } from '../config.js';
import { createLog } from '../log.js';

/** Runs until SIGINT or SIGTERM, then waits for active jobs or puts them back. */
export async function serve(options: { readonly roles?: string } = {}): Promise<void> {
  const config = loadConfig(undefined, options.roles === undefined ? {} : { ROLES: options.roles });
  const log = createLog(config.log);
  const service = await startService(config, log);
  process.stdout.write(
    `orthanc-chest-ai: ${service.url}   Orthanc: ${service.pacs.url}${service.pacs.dicomPort ? `   DICOM port ${service.pacs.dicomPort}` : ''}   (not for diagnosis)\n`,
  );
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
  });
  log.info('stopping', { signal });
  // A hanging part must not prevent the end: its jobs are retried by the next process.
  setTimeout(() => process.exit(1), 10_000).unref();
  await service.stop();
  log.info('stopped');
}
