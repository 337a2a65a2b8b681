/**
 * The database and the queue. Three groups of classes, by who may use them:
 *
 * - gateway: `registerTenant`, `Users`, `Tenants`, `RefreshTokens` with `rotateRefreshToken` and `revokeRefreshToken`,
 *   `ApiKeys` with `findApiKeyByPrefix`, `Chains`, `Contracts`, `Operations`, `OperationFeed`, `DataCenters`, `IdempotencyKeys`, `Install`;
 *   always within `withTenant`, `withUser` or `withPlatform`, as row-level security shows nothing otherwise
 *   (`Users.findForLogin`, `findApiKeyByPrefix` and the token functions need nothing);
 * - provisioner: `Outbox`, `ChainLeases` with `withLease`, `ChainObservations`, `OperationProgress`, `PortAllocations`,
 *   `SubnetAllocations`, `DataCenterObservations`, `Install`, `pruneIdempotencyKeys`, `pruneRefreshTokens`; reads with `dataSource.manager`, writes in `withLease` (of a
 *   chain) or `withTransaction`;
 * - starter: `openStores`, `ensurePlatformAdmin`, `resetPlatformAdmin`.
 *
 * A repository takes the `EntityManager` of its unit of work. Both programs open the database with `openDataSource(url)`,
 * which refuses a role that row-level security does not bind. Records hold `Date`s; errors are `PersistenceError`s.
 */
export { createDataSource, openDataSource, ENTITIES, type DataSourceSettings } from './database/data-source.js';
export { assertSafeRole } from './database/boot-check.js';
export { PersistenceError, type PersistenceErrorCode } from './database/errors.js';
export { withAccess, withPlatform, withTenant, withTransaction, withUser, type Access } from './database/unit-of-work.js';

export { Users } from './identity/users.js';
export type { PlatformRole, UserRecord } from './identity/user.entity.js';
export { registerTenant, Tenants, type RegisterTenant } from './identity/tenants.js';
export type { MembershipRecord, TenantRecord, TenantRole } from './identity/tenant.entity.js';
export { ensurePlatformAdmin, resetPlatformAdmin } from './identity/platform-admin.js';
export { pruneRefreshTokens, RefreshTokens, revokeRefreshToken, rotateRefreshToken, type Rotation } from './identity/refresh-tokens.js';
export { ApiKeys, findApiKeyByPrefix } from './identity/api-keys.js';
export type { ApiKeyRecord, RefreshTokenRecord } from './identity/token.entities.js';

export { Chains, type ChainAndOperation, type NewChain } from './chains/chains.js';
export { ChainObservations, type ChainSeen, type NodeSeen } from './chains/chain-observations.js';
export { ChainLeases, withLease, type ChainLease } from './chains/chain-lease.js';
export type { Alloc, ChainMemberRecord, ChainRecord, ChainStatus, FaultModel } from './chains/chain.entity.js';
export type { NodeEndpoints, NodeKind, NodePorts, NodeRecord, NodeStatus } from './chains/chain-node.entity.js';

export { Contracts, type ContractDeployed, type NewContract } from './contracts/contracts.js';
export type { ContractListRecord, ContractRecord, ContractSource, ContractStatus, Verification } from './contracts/contract.entity.js';

export { operationIsOver, OperationProgress, Operations, type OperationChange } from './operations/operations.js';
export { OperationFeed } from './operations/operation-feed.js';
export type { OperationError, OperationEvent, OperationEventData, OperationKind, OperationRecord, OperationStatus, OperationStep } from './operations/operation.entity.js';

export { appendOutbox, CHAIN_TOPIC, DATA_CENTER_TOPIC, Outbox, OUTBOX_CHANNEL, type OutboxMessage } from './outbox/outbox.js';
export { IdempotencyKeys, IDEMPOTENCY_TTL_MS, IN_FLIGHT_MS, pruneIdempotencyKeys, type IdempotencyClaim, type IdempotencyOutcome } from './idempotency/idempotency-keys.js';

export { DataCenterObservations, DataCenters, endpointOf, type DataCenterSeen, type NewDataCenter } from './data-centers/data-centers.js';
export type { DataCenterConnection, DataCenterRecord, DataCenterRuntime } from './data-centers/data-center.entity.js';
export { CHAIN_SUBNET_PREFIX, PortAllocations, SubnetAllocations } from './data-centers/port-allocations.js';
export { Install, type InstallRecord } from './install/install.js';

export { bullConnection, CHAIN_QUEUE, configureQueue, createQueue, createWorker, parseQueueConnection, type QueueConnection } from './queue/queue.js';

export { openStores, type Choice, type OpenStoresOptions, type Stores } from './stores/open-stores.js';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded/embedded-postgres.js';
