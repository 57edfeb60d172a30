import { loadConfig } from '../config.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';
import { resultLine, resultObject } from './result-line.js';

/** `results`: lists recent results, newest first. */
export async function listResults(options: { readonly limit: string; readonly json: boolean }): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Fault('request-invalid', `expected --limit with a whole number from 1, found ${options.limit}`);
  const config = loadConfig();
  const store = await openStoreBesideService(storeLocation(config), createLog({ ...config.log, level: 'warn' }));
  try {
    const { results } = await store.results.listResults({ limit, currentOnly: true });
    for (const result of results) console.log(options.json ? JSON.stringify(resultObject(result)) : resultLine(result));
    if (results.length === 0 && !options.json) console.log('No result yet.');
  } finally {
    await store.close();
  }
}
