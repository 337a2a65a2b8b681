import { CodedError, type CompileRequest } from '#contracts';
import { DEFAULT_COMPILER_LIMITS, runCompiler, type CompilerLimits } from './compiler-process.js';
import type { GatewaySettings } from '../settings.js';
import { TenantPlaces } from '../http/tenant-places.js';
import { Compilers, type CompilerBuild } from './compilers.js';
import { compiledContractOf, standardJsonOf, type CompiledContract, type SolcOutput } from './standard-json.rules.js';

/** Each takes a core and some hundred megabytes. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 16;
/** Running and waiting: whoever compiles for 30 seconds each time leaves places for others. */
const MAX_PER_TENANT = 4;

/** solc, a bounded number at a time. */
export class Compiler {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly places = new TenantPlaces(MAX_PER_TENANT);
  private readonly compilers: Compilers;

  constructor({ solcFolder }: Pick<GatewaySettings, 'solcFolder'>) {
    this.compilers = new Compilers(solcFolder);
  }

  /** Whether this version is here. */
  has(version: string): boolean {
    return this.compilers.find(version) !== null;
  }

  /**
   * @throws CodedError `compilation_failed`, `compiler_limit`, or `rate_limited` where too many wait, or the tenant has its part
   */
  async compile(request: CompileRequest, tenantId: string, limits: CompilerLimits = DEFAULT_COMPILER_LIMITS): Promise<CompiledContract> {
    const build = this.compilers.find(request.compiler);
    if (build === null) throw this.missing(request.compiler);
    const leave = this.places.take(tenantId);
    if (leave === null) throw new CodedError('rate_limited', `this tenant compiles already: at most ${MAX_PER_TENANT} at once`, { retryAfterSeconds: 5 });
    try {
      return await this.inTurn(request, build, limits);
    } finally {
      leave();
    }
  }

  private async inTurn(request: CompileRequest, build: CompilerBuild, limits: CompilerLimits): Promise<CompiledContract> {
    await this.enter();
    try {
      const { version, output } = await runCompiler(standardJsonOf(request), build, limits);
      if (!version.startsWith(request.compiler ?? '')) throw this.missing(request.compiler, version);
      return compiledContractOf(output as SolcOutput, version, request);
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private missing(version: string | undefined, found?: string): CodedError {
    const here = found ?? this.compilers.all().map((one) => one.version).join(', ');
    return new CodedError('compilation_failed', `There is no compiler ${version ?? ''} here, but ${here}: leave \`compiler\` out, compile it yourself and send bytecode and ABI, or ask the platform's operator for that version.`);
  }

  private async enter(): Promise<void> {
    if (this.running >= MAX_AT_ONCE) {
      if (this.waiting.length >= MAX_WAITING) throw new CodedError('rate_limited', 'too many compilations wait', { retryAfterSeconds: 5 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.running += 1;
  }
}
