// `npm run newcomer`: what a person does on a fresh machine, done by a script. A fresh clone in a new
// folder of mode 0700, an empty HOME, an environment without leftovers, the README's two commands.
// Plain JavaScript: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const help = `npm run newcomer [-- options]
  --as root|user   who does it; default: both when run as root, else the current user
  --only once|test just one of the two commands ("npm start -- --once", "npm test")
  --keep           keep the clone and say where it is`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const source = dirname(dirname(fileURLToPath(import.meta.url)));
const isRoot = process.getuid?.() === 0;

/** The ordinary user for a run started by root: any account that exists and owns nothing. */
function ordinaryUser() {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  if (!line)
    throw new Error('there is no user "nobody" to run as; use --as root, or run me as an ordinary user');
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function visit(who) {
  const account = who === 'user' && isRoot ? ordinaryUser() : null;
  const base = mkdtempSync(join(tmpdir(), `taskatlas-newcomer-${who}-`));
  const home = join(base, 'home');
  const clone = join(base, 'clone');
  mkdirSync(home, { mode: 0o700 });
  const git = spawnSync('git', ['clone', '--quiet', '--no-hardlinks', source, clone], { stdio: 'inherit' });
  if (git.status !== 0) throw new Error('git clone failed');
  chmodSync(clone, 0o700);
  if (account) {
    spawnSync('chown', ['-R', `${account.uid}:${account.gid}`, base], { stdio: 'inherit' });
    chownSync(base, account.uid, account.gid);
  }
  const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', CI: 'true' };
  for (const name of [
    'TASKATLAS_REFERENCE',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
  ]) {
    if (process.env[name]) env[name] = process.env[name];
  }
  const results = [];
  for (const [name, command] of [
    ['once', ['npm', 'start', '--', '--once']],
    ['test', ['npm', 'test']],
  ]) {
    if (option('--only') && option('--only') !== name) continue;
    const started = Date.now();
    console.log(`\n=== ${who}: ${command.join(' ')} in ${clone}`);
    const done = spawnSync(command[0], command.slice(1), {
      cwd: clone,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      ...(account ?? {}),
    });
    results.push({
      who,
      command: command.join(' '),
      status: done.status,
      seconds: Math.round((Date.now() - started) / 1000),
    });
  }
  if (args.includes('--keep')) console.log(`kept: ${base}`);
  else rmSync(base, { recursive: true, force: true });
  return results;
}

const whos = option('--as') ? [option('--as')] : isRoot ? ['root', 'user'] : ['user'];
const results = whos.flatMap(visit);
console.log('');
for (const { who, command, status, seconds } of results) {
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${who.padEnd(5)} ${command.padEnd(24)} ${seconds} s`);
}
process.exitCode = results.every((result) => result.status === 0) ? 0 : 1;
