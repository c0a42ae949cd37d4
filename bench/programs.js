// The programs that the benchmark runs: softmargin, and the peers that are here or can be installed.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PEERS = join(HERE, 'peers');
const QUIET = { stdio: ['ignore', 'ignore', 'inherit'] };

/** Finds the peers whose name contains `wanted`, installing what it can; `missing` says how to get the rest. */
export function findPeers(wanted) {
  const missing = [];
  const need = (names, find, hint) => {
    if (!names.some((name) => name.includes(wanted) || wanted.includes(name))) return null;
    try {
      return find();
    } catch (error) {
      missing.push(`${names.join(', ')}: ${hint} (${error.message.split('\n')[0]})`);
      return null;
    }
  };
  const python = need(
    ['scikit-learn', 'LIBLINEAR', 'skglm', 'pandas'],
    findPython,
    'install Python 3.11 or later with venv',
  );
  const rscript = need(['glmnet'], findR, 'apt-get install r-base-core r-cran-glmnet r-cran-jsonlite');
  const npm = need(['tfjs', 'ml-logistic-regression'], findNpm, 'npm ci --prefix bench/peers');
  return { python, rscript, npm, wanted, missing };
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

/**
 * Who minimizes a fit's objective, the likely fastest first: those after it are stopped soon after its time.
 * `chased` are the peers that are to be left behind by far, and get as long as that takes.
 */
export function fitPeers(peers, { problem, shape, labels }) {
  const K = shape.nClasses[labels ?? ''];
  const unknowns = K === 2 ? shape.nFeatures + 1 : K * (shape.nFeatures + 1);
  const dense = shape.kind === 'dense';
  const lasso = problem.lasso > 0;
  const all = [];
  const python = (name, script, ...args) => {
    if (peers.python) all.push({ name, command: peers.python, args: [join(PEERS, script), ...args] });
  };
  const sklearn = (solver, dtype = 'float64') =>
    python(`scikit-learn ${solver}${dtype === 'float32' ? ' f32' : ''}`, 'sklearn_peer.py', solver, dtype);
  const liblinear = (kind) => python(`LIBLINEAR -s ${kind}`, 'liblinear_peer.py', kind);
  const javascript = (name, script) => {
    if (peers.npm) all.push({ name, command: peers.npm, args: [join(PEERS, script)], chased: true });
  };
  if (problem.loss === 'hinge') {
    liblinear('4');
    return chosen(all, peers);
  }
  if (K === 2) for (const kind of lasso ? ['6'] : ['0', '7']) liblinear(kind);
  if (lasso) {
    sklearn('saga');
    if (peers.rscript)
      all.push({ name: 'glmnet', command: peers.rscript, args: [join(PEERS, 'glmnet_fit.R')] });
  } else {
    sklearn('newton-cg');
    sklearn('lbfgs');
    if (dense && unknowns <= 3000) sklearn('newton-cholesky');
    sklearn('newton-cg', 'float32');
    // On sparse rows most of an iteration is indices.
    if (dense) sklearn('lbfgs', 'float32');
    sklearn('sag');
  }
  if (K === 2) python('skglm', 'skglm_peer.py');
  if (dense) {
    javascript('tfjs', 'tfjs_peer.js');
    javascript('ml-logistic-regression', 'ml_logistic_peer.js');
  }
  return chosen(all, peers);
}

export function pathPeers(peers) {
  if (!peers.rscript) return [];
  return chosen([{ name: 'glmnet', command: peers.rscript, args: [join(PEERS, 'glmnet_path.R')] }], peers);
}

function chosen(all, { wanted }) {
  return all.filter(
    ({ name }) => name.includes(wanted) || (wanted === 'sklearn' && name.startsWith('scikit')),
  );
}
