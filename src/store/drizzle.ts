/* What the store uses of Drizzle. By one file, since Node reads the library's list of 180 kB again for each file that imports it. */

export {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  like,
  lt,
  lte,
  max,
  ne,
  not,
  notInArray,
  or,
  sql,
  type SQL,
} from 'drizzle-orm';
export { bigint, boolean, doublePrecision, integer, jsonb, pgSchema, primaryKey, smallint, text, timestamp } from 'drizzle-orm/pg-core';
export { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
