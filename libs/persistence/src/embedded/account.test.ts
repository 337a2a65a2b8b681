import { serverAccount } from './account.js';

const passwd = (...lines: string[]) => () => ['root:x:0:0:root:/root:/bin/bash', ...lines].join('\n');
const postgres = 'postgres:x:101:103::/var/lib/postgresql:/bin/bash';
const nobody = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin';

test.each([
  ['postgres where there is one', [nobody, postgres], { name: 'postgres', ids: { uid: 101, gid: 103 } }],
  ['else nobody', [nobody], { name: 'nobody', ids: { uid: 65534, gid: 65534 } }],
  ['never a second root', ['postgres:x:0:0::/:/bin/sh', nobody], { name: 'nobody', ids: { uid: 65534, gid: 65534 } }],
])('root lends %s', (_title, lines, expected) => {
  expect(serverAccount(0, passwd(...lines))).toEqual(expected);
});

test('root on a system with neither is told what to do', () => {
  expect(() => serverAccount(0, passwd())).toThrow(/normal user, or set DATABASE_URL/);
});
