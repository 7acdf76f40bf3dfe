// Files that are written together: all of them, or none.

import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputProblem } from '../problem.js';

/**
 * Writes every file beside its place first, and moves them there when all are whole. Where one cannot be written the
 * folder is as it was.
 *
 * @param {string} folder made if it is not there
 * @param {{ name: string, text: string, mode?: number }[]} files
 */
export function writeTogether(folder, files) {
  const isNew = !existsSync(folder);
  const beside = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, text, mode = 0o644 } of files) {
      const path = join(folder, name);
      const fresh = `${path}.${process.pid}.new`;
      beside.push([fresh, path]);
      writeFileSync(fresh, text, { mode, flag: 'wx' });
    }
    for (const [fresh, path] of beside) renameSync(fresh, path);
  } catch (error) {
    for (const [fresh] of beside) rmSync(fresh, { force: true });
    if (isNew && existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
    if (error.code === undefined) throw error;
    throw inputProblem(`cannot write to ${folder} (${error.code}); nothing was changed`);
  }
}
