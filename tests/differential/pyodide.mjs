// Runs a Python program under the CPython of the npm package `pyodide`, which is newer than many machines' own:
//   node pyodide.mjs FOLDER-OF-PACKAGES PROGRAM [ARGUMENT...]
// Standard input, output and error are this process's; the folder FOLDER of the environment is there, if it is named.

import { basename, dirname, resolve } from 'node:path';
import { loadPyodide } from 'pyodide';

const [packages, program, ...programArguments] = process.argv.slice(2);
try {
  const python = await loadPyodide();
  python.FS.mkdirTree('/packages');
  python.FS.mkdirTree('/program');
  python.mountNodeFS('/packages', resolve(packages));
  if (process.env.FOLDER) {
    python.FS.mkdirTree(process.env.FOLDER);
    python.mountNodeFS(process.env.FOLDER, process.env.FOLDER);
  }
  python.mountNodeFS('/program', resolve(dirname(program)));
  python.globals.set('argv', python.toPy([`/program/${basename(program)}`, ...programArguments]));
  python.runPython(`
import runpy, sys
sys.dont_write_bytecode = True
sys.path[:0] = ['/program', '/packages']
sys.argv = list(argv)
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
finally:
    sys.stdout.flush()
`);
} catch (error) {
  // A traceback of Python's, or its SystemExit; Node would print the 1 MB line of Pyodide it came through.
  console.error(error.message);
  process.exitCode = 1;
}
