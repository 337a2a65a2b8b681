import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import type { DataSource } from 'typeorm';
import { OperationFeed } from '#persistence';
import { AttemptThrottle } from './auth/attempt-throttle.js';
import { AccessTokens, TOKEN_KEY, type TokenKey } from './auth/access-tokens.js';
import { Authenticator } from './auth/authenticator.js';
import { Identities } from './auth/identities.js';
import { AccessTokenGuard, JwtStrategy } from './auth/jwt.strategy.js';
import { LocalStrategy, PasswordGuard } from './auth/local.strategy.js';
import { PolicyGuard } from './auth/policy.guard.js';
import { SessionsController } from './auth/sessions.controller.js';
import { Sessions } from './auth/sessions.service.js';
import { ChainsController } from './chains/chains.controller.js';
import { ChainsService } from './chains/chains.service.js';
import { GenesisController } from './chains/genesis.controller.js';
import { GenesisService } from './chains/genesis.service.js';
import { Compiler } from './compiler/compiler.js';
import { ChainCalls } from './contracts/chain-calls.js';
import { ContractsController } from './contracts/contracts.controller.js';
import { ContractsService } from './contracts/contracts.service.js';
import { Deployments } from './contracts/deployments.js';
import { DataCentersController } from './data-centers/data-centers.controller.js';
import { DataCentersService } from './data-centers/data-centers.service.js';
import { DATABASE } from './database.js';
import { HealthController } from './health/health.controller.js';
import { Idempotency } from './http/idempotency.js';
import { OpenApiController, OpenApiDocument } from './http/openapi.js';
import { OperationsController } from './operations/operations.controller.js';
import { OperationsService } from './operations/operations.service.js';
import { RpcForwarder } from './rpc/forwarder.js';
import { RpcAccess } from './rpc/rpc-access.js';
import { ApiKeysController } from './tenants/api-keys.controller.js';
import { ApiKeysService } from './tenants/api-keys.service.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { TenantsService } from './tenants/tenants.service.js';

/** What is opened before Nest starts, and closed after it has stopped. */
export interface GatewayResources {
  dataSource: DataSource;
  feed: OperationFeed;
  tokenKey: TokenKey;
  forwarder: RpcForwarder;
  compiler: Compiler;
}

/** Wiring only. */
@Module({})
export class GatewayModule {
  static with(resources: GatewayResources): DynamicModule {
    return {
      module: GatewayModule,
      imports: [PassportModule, JwtModule.register({ secret: resources.tokenKey })],
      controllers: [
        HealthController, OpenApiController, TenantsController, SessionsController, ApiKeysController, ChainsController,
        GenesisController, ContractsController, OperationsController, DataCentersController,
      ],
      providers: [
        { provide: DATABASE, useValue: resources.dataSource },
        { provide: OperationFeed, useValue: resources.feed },
        { provide: RpcForwarder, useValue: resources.forwarder },
        { provide: Compiler, useValue: resources.compiler },
        { provide: TOKEN_KEY, useValue: resources.tokenKey },
        { provide: AttemptThrottle, useFactory: () => new AttemptThrottle() },
        { provide: APP_GUARD, useClass: PolicyGuard },
        AccessTokens, AccessTokenGuard, Authenticator, Identities, JwtStrategy, LocalStrategy, PasswordGuard, Sessions,
        TenantsService, ApiKeysService, ChainsService, GenesisService, OperationsService, DataCentersService, Idempotency,
        OpenApiDocument, RpcAccess, ChainCalls, ContractsService, Deployments,
      ],
    };
  }
}
