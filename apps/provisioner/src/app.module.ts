import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { openDataSource } from '#persistence';
import { DATA_SOURCE, LOGGER, Provisioner } from './provisioner.js';
import { SETTINGS, type ProvisionerSettings } from './settings.js';

@Module({})
export class AppModule {
  static with(settings: ProvisionerSettings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
        { provide: DATA_SOURCE, useFactory: () => openDataSource(settings.databaseUrl) },
        Provisioner,
      ],
    };
  }
}
