import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompileRequest } from '#contracts';
import { runCompiler } from './compiler-process.js';
import { Compiler } from './compiler.js';
import { Compilers, type CompilerBuild } from './compilers.js';

jest.setTimeout(60_000);

const compiler = new Compiler({ solcFolder: null });
const source = (content: string, more: Partial<CompileRequest> = {}): CompileRequest => ({ sources: { 'a/Token.sol': { content } }, ...more });
const faultOf = async (request: CompileRequest): Promise<unknown> => compiler.compile(request, 'ten_a').catch((error: unknown) => error);

describe('the compiler', () => {
  it('resolves OpenZeppelin and answers ABI, code and the places that deployment fills in', async () => {
    const compiled = await compiler.compile(source(`
      // SPDX-License-Identifier: Apache-2.0
      pragma solidity ^0.8.20;
      import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
      contract Token is ERC20 { uint256 immutable cap; constructor(uint256 c) ERC20("Token", "TOK") { cap = c; } function most() external view returns (uint256) { return cap; } }
    `), 'ten_a');
    expect(compiled).toMatchObject({ name: 'a/Token.sol:Token', compiler: expect.stringMatching(/^0\.8\./) as string });
    expect(compiled.creationCode).toMatch(/^0x[0-9a-f]{1000,}$/);
    expect(compiled.holes).toEqual([{ start: expect.any(Number) as number, length: 32 }]);
    expect(compiled.abi).toContainEqual(expect.objectContaining({ name: 'transfer' }));
  });

  it('leaves places for others where one tenant compiles much', async () => {
    const nothing = source('pragma solidity ^0.8.0;\ncontract A {}');
    const [first, ...more] = Array.from({ length: 5 }, () => compiler.compile(nothing, 'ten_b').then(({ name }) => name, (error: { code: string }) => error.code));
    const other = compiler.compile(nothing, 'ten_c');
    expect((await Promise.all([first, ...more])).sort()).toEqual([...Array.from({ length: 4 }, () => 'a/Token.sol:A'), 'rate_limited']);
    expect((await other).name).toBe('a/Token.sol:A');
    expect((await compiler.compile(nothing, 'ten_b')).name).toBe('a/Token.sol:A');
  });

  it('says where each error is', async () => {
    const fault = await faultOf(source('// SPDX-License-Identifier: UNLICENSED\npragma solidity ^0.8.0;\ncontract A {\n  uint256 é = "x";\n}'));
    expect(fault).toMatchObject({ code: 'compilation_failed' });
    const typed = await faultOf(source('pragma solidity ^0.8.0;\ncontract A {\n  /* é */ uint256 x = true;\n}'));
    expect(typed).toMatchObject({ code: 'compilation_failed', extra: { errors: [{ path: 'a/Token.sol:3:23', message: expect.stringContaining('not implicitly convertible') as string }] } });
  });

  it.each([
    ['a file outside the package', 'import "@openzeppelin/contracts/../../zod/package.json";'],
    ['a file of this machine', 'import "/etc/passwd";'],
    ['what is not there', 'import "./Other.sol";'],
  ])('imports nothing else: %s', async (_name, line) => {
    const fault = await faultOf(source(`pragma solidity ^0.8.0;\n${line}\ncontract A {}`));
    expect(fault).toMatchObject({ code: 'compilation_failed', extra: { errors: [{ path: 'a/Token.sol:2:1', message: expect.stringContaining('not found') as string }] } });
  });

  it('asks which contract is meant, and refuses what has no code, or needs a library or another compiler', async () => {
    const two = 'pragma solidity ^0.8.0; contract A {} contract B { function f() external {} } interface I {}';
    expect(await faultOf(source(two))).toMatchObject({ message: expect.stringContaining('a/Token.sol:A, a/Token.sol:B') as string });
    expect(await compiler.compile(source(two, { contract: 'B' }), 'ten_a')).toMatchObject({ name: 'a/Token.sol:B' });
    expect(await faultOf(source(two, { contract: 'I' }))).toMatchObject({ message: expect.stringContaining('interface') as string });
    expect(await faultOf(source(two, { contract: 'A', compiler: '0.8.1' }))).toMatchObject({ message: expect.stringContaining('no compiler 0.8.1 here, but 0.8.') as string });
    const library = 'pragma solidity ^0.8.0; library L { function f() external pure returns (uint) { return 1; } } contract A { function g() external pure returns (uint) { return L.f(); } }';
    expect(await faultOf(source(library, { contract: 'A' }))).toMatchObject({ message: expect.stringContaining('a/Token.sol:L') as string });
    const linked = await compiler.compile(source(library, { contract: 'A', settings: { libraries: { 'a/Token.sol': { L: `0x${'12'.repeat(20)}` } } } }), 'ten_a');
    expect(linked.creationCode).toContain('12'.repeat(20));
  });

  it('is stopped at its limits', async () => {
    const input = JSON.stringify({ language: 'Solidity', sources: {} });
    const [build] = new Compilers(null).all() as [CompilerBuild];
    const generous = { timeMs: 30_000, memoryBytes: 2 ** 30, outputBytes: 2 ** 20 };
    await expect(runCompiler(input, build, { ...generous, timeMs: 1 })).rejects.toMatchObject({ code: 'compiler_limit' });
    await expect(runCompiler(input, build, { ...generous, memoryBytes: 1 })).rejects.toMatchObject({ code: 'compiler_limit' });
    await expect(runCompiler(input, build, { ...generous, outputBytes: 1 })).rejects.toMatchObject({ code: 'compiler_limit' });
  });

  it('takes the operator’s further builds by their version, and nothing else that lies beside them', async () => {
    const solcFolder = mkdtempSync(join(tmpdir(), 'stele-solc-'));
    try {
      const more = new Compiler({ solcFolder });
      const old = source('pragma solidity 0.8.24; contract A {}', { compiler: '0.8.24' });
      await expect(more.compile(old, 'ten_a')).rejects.toMatchObject({ code: 'compilation_failed', message: expect.stringContaining('operator') as string });
      copyFileSync(require.resolve('solc-older/soljson.js'), join(solcFolder, 'soljson-v0.8.24+commit.e11b9ed9.js'));
      writeFileSync(join(solcFolder, 'soljson-v0.8.23.js'), 'throw new Error("never run")');
      expect(new Compilers(solcFolder).all().map(({ version }) => version)).toEqual([(require('solc/package.json') as { version: string }).version, '0.8.24']);
      expect([more.has('0.8.24'), more.has('0.8.23'), more.has('../0.8.24')]).toEqual([true, false, false]);
      expect(await more.compile(old, 'ten_a')).toMatchObject({ compiler: '0.8.24+commit.e11b9ed9.Emscripten.clang' });
      expect(await more.compile({ ...old, compiler: '0.8.24+commit.e11b9ed9' }, 'ten_a')).toMatchObject({ name: 'a/Token.sol:A' });
      await expect(more.compile({ ...old, compiler: '0.8.24+commit.00000000' }, 'ten_a')).rejects.toMatchObject({ message: expect.stringContaining('0.8.24+commit.e11b9ed9') as string });
    } finally {
      rmSync(solcFolder, { recursive: true, force: true });
    }
  });
});
