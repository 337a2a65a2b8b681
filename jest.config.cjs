// Unit tests stand beside their code; medium tests (*.medium.test.ts) use a real PostgreSQL, queue or engine; end-to-end
// tests live in test/. One configuration serves all: `npm test` runs everything.
const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
  },
];
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/migrations', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['stele:src', 'node', 'node-addons', 'require', 'default'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.[cm]?[jt]s$': swc },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|uuid|jose|@noble|@scure|@ethereumjs|ethereum-cryptography|viem|ox|abitype)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.stele/'],
  // Tests start servers and engines on machines that others share: slowness is no failure, a hang is.
  testTimeout: 90_000,
  maxWorkers: 2,
};
