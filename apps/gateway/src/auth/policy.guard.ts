import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '#contracts';
import { credentialOf } from './credentials.rules.js';
import { Identities } from './identities.js';
import type { Identity } from './identity.js';
import { AccessTokenGuard } from './jwt.strategy.js';
import { POLICY } from './policy.js';
import { decide, type RoutePolicy } from './policy.rules.js';

/** The global guard: authenticates, and refuses every route whose declared policy does not let this caller in. */
@Injectable()
export class PolicyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly identities: Identities,
    private readonly accessTokens: AccessTokenGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.reflector.get<RoutePolicy | undefined>(POLICY, context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Identity }>();
    const identity = policy?.kind === 'public' ? null : await this.identify(context, request);
    const verdict = decide(policy, identity);
    if (!verdict.allowed) throw new CodedError(verdict.code, verdict.detail);
    if (identity !== null) request.identity = identity;
    return true;
  }

  private async identify(context: ExecutionContext, request: FastifyRequest & { user?: Identity }): Promise<Identity | null> {
    const credential = credentialOf(request.headers);
    if (credential === null) return null;
    if (credential.kind === 'apiKey') return this.identities.ofApiKey(credential.key);
    await this.accessTokens.canActivate(context);
    return request.user ?? null;
  }
}
