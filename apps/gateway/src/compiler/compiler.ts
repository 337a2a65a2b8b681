import { Injectable } from '@nestjs/common';
import { CodedError, type CompileRequest } from '#contracts';
import { DEFAULT_COMPILER_LIMITS, runCompiler, type CompilerLimits } from './compiler-process.js';
import { compiledContractOf, standardJsonOf, type CompiledContract, type SolcOutput } from './standard-json.rules.js';

/** Each takes a core and some hundred megabytes. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 16;

/** solc, a bounded number at a time. */
@Injectable()
export class Compiler {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @throws CodedError `compilation_failed`, `compiler_limit`, or `rate_limited` where too many wait
   */
  async compile(request: CompileRequest, limits: CompilerLimits = DEFAULT_COMPILER_LIMITS): Promise<CompiledContract> {
    await this.enter();
    try {
      const { version, output } = await runCompiler(standardJsonOf(request), limits);
      if (request.compiler !== undefined && !version.startsWith(request.compiler)) {
        throw new CodedError('compilation_failed', `The compiler here is ${version}, not ${request.compiler}: leave \`compiler\` out, or compile it yourself and send bytecode and ABI.`);
      }
      return compiledContractOf(output as SolcOutput, version, request);
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private async enter(): Promise<void> {
    if (this.running >= MAX_AT_ONCE) {
      if (this.waiting.length >= MAX_WAITING) throw new CodedError('rate_limited', 'too many compilations wait', { retryAfterSeconds: 5 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.running += 1;
  }
}
