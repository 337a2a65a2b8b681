import {
  AddressSchema, CreateChainRequestSchema, CreateDataCenterRequestSchema, CreateTenantRequestSchema, DecimalSchema, ERROR_CODES, CodedError, ProblemSchema, type ErrorCode,
} from './index.js';

const account = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';

describe('wire schemas', () => {
  it('normalise accounts and emails, and fill in what was left out', () => {
    expect(AddressSchema.parse(account)).toBe(account.toLowerCase());
    const tenant = CreateTenantRequestSchema.parse({ name: ' A ', owner: { email: ' Me@Example.ORG ', password: '0123456789', name: 'Me' } });
    expect([tenant.name, tenant.owner.email]).toEqual(['A', 'me@example.org']);
    const chain = CreateChainRequestSchema.parse({ name: 'c', members: [{ name: 'A', governanceAccount: account, operationsAccount: account }], nodes: [{ dataCenter: 'x', count: 4 }] });
    expect(chain).toMatchObject({ faultModel: 'BFT', access: 'open', params: {}, alloc: [], members: [{ tenant: 'self' }], nodes: [{ kind: 'validator' }] });
  });

  // The first of EIP-55's own examples, in each way in which it may be written, and with one letter's case turned.
  it.each([[account, true], [account.toLowerCase(), true], [`0x${account.slice(2).toUpperCase()}`, true], [account.replace('aA', 'aa'), false], [account.slice(0, -1), false]])('account %s: %s', (text, valid) => {
    expect(AddressSchema.safeParse(text).success).toBe(valid);
  });

  it.each(['01', '-1', '1.5', '', (1n << 256n).toString(), '0x5'])('refuse %j as a u256', (text) => {
    expect(DecimalSchema.safeParse(text).success).toBe(false);
  });

  it('take the largest u256', () => {
    expect(DecimalSchema.safeParse(((1n << 256n) - 1n).toString()).success).toBe(true);
  });

  const tls = { host: 'engine.example', port: 2376, ca: 'a', cert: 'b', key: 'c' };
  it.each([
    ['docker by socket', { runtime: 'docker', connection: { socketPath: '/run/docker.sock' } }, true],
    ['docker by TCP with mutual TLS', { runtime: 'docker', connection: tls }, true],
    ['docker without saying how', { runtime: 'docker' }, false],
    ['docker by TCP without TLS', { runtime: 'docker', connection: { host: 'engine.example', port: 2375 } }, false],
    ['processes', { runtime: 'process' }, true],
    ['ports the wrong way round', { runtime: 'process', portFrom: 3000, portTo: 2000 }, false],
  ])('data center: %s', (_name, change, valid) => {
    expect(CreateDataCenterRequestSchema.safeParse({ name: 'dc', ...change }).success).toBe(valid);
  });
});

describe('error codes', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s makes a problem', (code) => {
    const error = new CodedError(code);
    expect(ProblemSchema.safeParse({ type: 'urn:x', title: ERROR_CODES[code].title, status: error.status, code, detail: error.message, requestId: 'r' }).success).toBe(true);
  });
});
