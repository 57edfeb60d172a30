/** The kinds of destination are listed by routing/rules.ts alone, so that a kind can be added without a migration. */
export const destinationKinds0022 = {
  id: 22,
  name: 'destination-kinds',
  sql: 'ALTER TABLE chest_ai.delivery DROP CONSTRAINT delivery_kind_check;',
} as const;
