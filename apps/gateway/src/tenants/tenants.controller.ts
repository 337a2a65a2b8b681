import { Body, Controller, Get, Ip, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { CodedError, CreateTenantRequestSchema, CreateTenantResponseSchema, MeSchema, type CreateTenantRequest, type CreateTenantResponse, type MeView } from '#contracts';
import { AttemptThrottle } from '../auth/attempt-throttle.js';
import { registrationLimits } from '../auth/attempts.rules.js';
import type { Identity } from '../auth/identity.js';
import { Caller, Policy } from '../auth/policy.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('tenants')
@Controller('v1')
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly throttle: AttemptThrottle,
  ) {}

  @Post('tenants')
  @Policy.public()
  @ApiCreatedResponse({ standardSchema: CreateTenantResponseSchema })
  registerTenant(@Body({ schema: CreateTenantRequestSchema }) body: CreateTenantRequest, @Ip() address: string): Promise<CreateTenantResponse> {
    const waitSeconds = this.throttle.attempt(registrationLimits(address), Date.now());
    if (waitSeconds > 0) throw new CodedError('rate_limited', 'too many registrations from this address', { retryAfterSeconds: waitSeconds });
    return this.tenants.register(body);
  }

  @Get('me')
  @Policy.anyone()
  @ApiBearerAuth('bearer')
  @ApiSecurity('apiKey')
  @ApiOkResponse({ standardSchema: MeSchema })
  me(@Caller() caller: Identity): Promise<MeView> {
    return this.tenants.me(caller);
  }
}
