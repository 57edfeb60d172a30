import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';

/* A process of its own that appends to the audit log of a database: ADDRESS NAME COUNT. */
const [databaseUrl, name, count] = process.argv.slice(2);
const store = await openStore({ databaseUrl: databaseUrl! }, silentLog);
await Promise.all(
  Array.from({ length: Number(count) }, (_, n) => store.audit.append({ actor: name!, action: 'study.view', subject: { n } })),
);
await store.close();
