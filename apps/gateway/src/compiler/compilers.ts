import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A build of solc. */
export interface CompilerBuild {
  /** `0.8.28` */
  version: string;
  /** Its JavaScript; null for the build that is installed with the gateway. */
  path: string | null;
}

/** As solc's releases name their JavaScript builds, e.g. `soljson-v0.8.28+commit.7893614a.js`. */
const BUILD = /^soljson-v(\d+\.\d+\.\d+)\+commit\.[0-9a-f]{8}\.js$/;

function installedVersion(): string {
  return (require('solc/package.json') as { version: string }).version;
}

/** Of the installed package: what makes a compiler of a build, of any version. */
export const WRAPPER = join(dirname(require.resolve('solc/package.json')), 'wrapper.js');

/**
 * The installed solc, and whatever official builds the operator has put into the folder `STELE_SOLC`, which is looked into each time.
 * The operator answers for what lies there: it runs with the compiler's rights.
 */
export class Compilers {
  private readonly installed: CompilerBuild = { version: installedVersion(), path: null };

  constructor(private readonly folder: string | null) {}

  /** The newest first. @throws Error where the folder cannot be read */
  all(): CompilerBuild[] {
    const found = this.folder === null ? [] : readdirSync(this.folder).flatMap((name) => {
      const version = BUILD.exec(name)?.[1];
      return version === undefined || version === this.installed.version ? [] : [{ version, path: join(this.folder as string, name) }];
    });
    return [this.installed, ...found].sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
  }

  /** The one of this version, of which further words (`0.8.28+commit…`) may follow; the installed one where none is asked for; null where it is not here. */
  find(version?: string): CompilerBuild | null {
    if (version === undefined) return this.installed;
    const number = /^\d+\.\d+\.\d+/.exec(version)?.[0];
    return this.all().find((one) => one.version === number) ?? null;
  }
}
