// Lint: the rules that a review would otherwise repeat. Import boundaries are in .dependency-cruiser.cjs.
import tseslint from 'typescript-eslint';

const pureLedger =
  'libs/ledger is pure: a replayed input must give the same effects on every machine. Pass time, randomness and I/O in as inputs (libs/ledger/src/consensus/input.ts).';

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.stele/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-require-imports': 'off',
      'no-debugger': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'max-lines': ['error', { max: 350, skipBlankLines: false }],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: '@nestjs/common', importNames: ['forwardRef'], message: 'Make a read model or a queue event instead of a cycle.' }],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='jest'][callee.property.name='mock']", message: 'Test through real parts; a fake is shipped code with a suite.' },
      ],
    },
  },
  {
    files: ['apps/gateway/**/*.ts', 'apps/provisioner/**/*.ts', 'libs/**/*.ts', 'apps/node/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**', '**/bench/**', '**/sim/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 500 }] },
  },
  {
    files: ['libs/ledger/src/**/*.ts'],
    ignores: ['libs/ledger/src/crypto/**', '**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process', 'performance', 'crypto', 'Promise', 'Buffer'].map(
          (name) => ({ name, message: pureLedger }),
        ),
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: pureLedger }],
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', 'sodium-native'], message: pureLedger }], paths: [{ name: 'crypto', message: pureLedger }] }],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: pureLedger },
        { selector: 'AwaitExpression', message: pureLedger },
        { selector: "CallExpression[callee.property.name='toLocaleString']", message: pureLedger },
      ],
    },
  },
);
