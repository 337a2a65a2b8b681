/**
 * Every migration, oldest first. Append-only: one that has been released is never edited; what it got wrong, the next one
 * puts right. Run by set-up with the owner's connection (`libs/persistence/src/database/migrate.ts`).
 */
import { RolesAndTenancy1795392000000 } from './1795392000000-roles-and-tenancy.js';
import { Chains1795392000001 } from './1795392000001-chains.js';
import { OperationsAndOutbox1795392000002 } from './1795392000002-operations-and-outbox.js';
import { Isolation1795392000003 } from './1795392000003-isolation.js';
import { PruneIdempotencyKeys1795392000004 } from './1795392000004-prune-idempotency-keys.js';
import { PruneRefreshTokens1795392000005 } from './1795392000005-prune-refresh-tokens.js';
import { Contracts1795392000006 } from './1795392000006-contracts.js';
import { ChainAccess1795392000007 } from './1795392000007-chain-access.js';

export const MIGRATIONS = [
  RolesAndTenancy1795392000000,
  Chains1795392000001,
  OperationsAndOutbox1795392000002,
  Isolation1795392000003,
  PruneIdempotencyKeys1795392000004,
  PruneRefreshTokens1795392000005,
  Contracts1795392000006,
  ChainAccess1795392000007,
];
