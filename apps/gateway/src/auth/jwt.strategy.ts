import { Inject, Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_KEY, tokenError, type AccessTokenPayload, type TokenKey } from './access-tokens.js';
import { wishedTenantOf } from './credentials.rules.js';
import { Identities } from './identities.js';
import type { Identity } from './identity.js';

/** passport-jwt: verifies the access token of `Authorization: Bearer`. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    @Inject(TOKEN_KEY) key: TokenKey,
    private readonly identities: Identities,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // jsonwebtoken takes a KeyObject, which verifies faster than bytes; passport-jwt's types do not know it yet.
      secretOrKey: key as unknown as Buffer,
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      passReqToCallback: true,
    });
  }

  validate(request: FastifyRequest, payload: AccessTokenPayload): Promise<Identity> {
    return this.identities.ofSession(payload, wishedTenantOf(request.headers));
  }
}

/** Runs the strategy; the policy guard calls it for routes that are not public. */
@Injectable()
export class AccessTokenGuard extends AuthGuard('jwt') {
  override handleRequest<T>(error: unknown, identity: T | false, info: unknown): T {
    if (error !== null && error !== undefined) throw error;
    if (identity === false) throw tokenError(info);
    return identity;
  }
}
