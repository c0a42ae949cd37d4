// The programs that the benchmark runs: softmargin, and the peers that are here or can be installed.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNamed } from './names.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PEERS = join(HERE, 'peers');
const QUIET = { stdio: ['ignore', 'ignore', 'inherit'] };

/** What runs the peers: who needs it, how it is found and how it is got. */
const TOOLKITS = {
  python: { find: findPython, hint: 'install Python 3.11 or later with venv' },
  rscript: { find: findR, hint: 'apt-get install r-base-core r-cran-glmnet r-cran-jsonlite' },
  npm: { find: findNpm, hint: 'npm ci --prefix bench/peers' },
};

/**
 * Who minimizes a fit's objective, the likely fastest first: those after it are stopped soon after its time.
 * `takes` says of which fits; `chased` are the peers that are to be left behind by far, and get as long as that takes.
 */
const FIT_PEERS = [
  python('LIBLINEAR -s 4', ['liblinear_peer.py', '4'], ({ hinge }) => hinge),
  python('LIBLINEAR -s 6', ['liblinear_peer.py', '6'], ({ K, lasso }) => K === 2 && lasso),
  python('LIBLINEAR -s 0', ['liblinear_peer.py', '0'], ({ K, ridge }) => K === 2 && ridge),
  python('LIBLINEAR -s 7', ['liblinear_peer.py', '7'], ({ K, ridge }) => K === 2 && ridge),
  sklearn('saga', 'float64', ({ lasso }) => lasso),
  { name: 'glmnet', toolkit: 'rscript', args: ['glmnet_fit.R'], takes: ({ lasso }) => lasso },
  sklearn('newton-cg', 'float64', ({ ridge }) => ridge),
  sklearn('lbfgs', 'float64', ({ ridge }) => ridge),
  sklearn('newton-cholesky', 'float64', ({ ridge, dense, unknowns }) => ridge && dense && unknowns <= 3000),
  sklearn('newton-cg', 'float32', ({ ridge }) => ridge),
  // On sparse rows most of an iteration is indices.
  sklearn('lbfgs', 'float32', ({ ridge, dense }) => ridge && dense),
  sklearn('sag', 'float64', ({ ridge }) => ridge),
  python('skglm', ['skglm_peer.py'], ({ K, hinge }) => K === 2 && !hinge),
  javascript('tfjs', 'tfjs_peer.js'),
  javascript('ml-logistic-regression', 'ml_logistic_peer.js'),
];

/** Who reads files, and makes tables to learn from. */
const PANDAS = { name: 'pandas', toolkit: 'python' };
const PEERS_OF_ALL = [...FIT_PEERS, PANDAS];
export const PEER_NAMES = PEERS_OF_ALL.map(({ name }) => name);

/** Finds what runs the peers called `wanted`, installing what it can; `missing` says how to get the rest. */
export function findPeers(wanted) {
  const found = { wanted, missing: [] };
  for (const [toolkit, { find, hint }] of Object.entries(TOOLKITS)) {
    const asked = PEERS_OF_ALL.filter((peer) => peer.toolkit === toolkit && isNamed(peer.name, wanted));
    if (asked.length === 0) continue;
    try {
      found[toolkit] = find();
    } catch (error) {
      const names = asked.map(({ name }) => name).join(', ');
      found.missing.push(`${names}: ${hint} (${error.message.split('\n')[0]})`);
    }
  }
  return found;
}

/** Python with the pinned requirements, in bench/.venv. */
function findPython() {
  const program = join(HERE, '.venv', 'bin', 'python');
  const requirements = join(PEERS, 'requirements.txt');
  const done = join(HERE, '.venv', 'installed.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return program;
  console.error('installing the Python peers into bench/.venv …');
  if (!existsSync(program)) execFileSync('python3', ['-m', 'venv', join(HERE, '.venv')], QUIET);
  execFileSync(program, ['-m', 'pip', 'install', '-q', '-r', requirements], QUIET);
  writeFileSync(done, wanted);
  return program;
}

function findR() {
  execFileSync('Rscript', ['-e', 'library(glmnet); library(jsonlite)'], { stdio: 'ignore' });
  return 'Rscript';
}

function findNpm() {
  if (!existsSync(join(PEERS, 'node_modules', 'ml-logistic-regression'))) {
    console.error('installing the npm peers into bench/peers/node_modules …');
    execFileSync('npm', ['ci', '--silent', '--prefix', PEERS], QUIET);
  }
  return process.execPath;
}

export function softmargin(script) {
  return { name: 'softmargin', command: process.execPath, args: [join(HERE, script)] };
}

/** Those asked for that minimize this fit's objective and can be run. */
export function fitPeers(peers, { problem, shape, labels }) {
  const K = shape.nClasses[labels ?? ''];
  const hinge = problem.loss === 'hinge';
  const lasso = !hinge && problem.lasso > 0;
  const about = {
    K,
    unknowns: (K === 2 ? 1 : K) * (shape.nFeatures + 1),
    dense: shape.kind === 'dense',
    hinge,
    lasso,
    ridge: !hinge && !lasso,
  };
  return FIT_PEERS.filter((peer) => peer.takes(about))
    .filter(({ name, toolkit }) => peers[toolkit] && isNamed(name, peers.wanted))
    .map(({ name, toolkit, args: [script, ...more], chased }) => ({
      name,
      chased,
      command: peers[toolkit],
      args: [join(PEERS, script), ...more],
    }));
}

export function pathPeers({ rscript, wanted }) {
  if (!rscript || !isNamed('glmnet', wanted)) return [];
  return [{ name: 'glmnet', command: rscript, args: [join(PEERS, 'glmnet_path.R')] }];
}

function python(name, args, takes) {
  return { name, toolkit: 'python', args, takes };
}

function sklearn(solver, dtype, takes) {
  const name = `scikit-learn ${solver}${dtype === 'float32' ? ' f32' : ''}`;
  return python(name, ['sklearn_peer.py', solver, dtype], takes);
}

function javascript(name, script) {
  return { name, toolkit: 'npm', args: [script], chased: true, takes: ({ dense, hinge }) => dense && !hinge };
}
