// A machine that sleeps, for one browser: its programs get no time until it wakes.

import { readFileSync, readdirSync } from 'node:fs';

/** The programs of the browser that has this profile. */
function programsOf(profile) {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // Behind the name in brackets, which can be anything: the state, and who started it.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
  const found = all.filter(({ command }) => command.includes(`--user-data-dir=${profile}\0`)).map(({ pid }) => pid);
  if (found.length === 0) throw new Error(`no browser has ${profile}`);
  for (const pid of found) found.push(...all.filter(({ pid: child, parent }) => parent === pid && !found.includes(child)).map(({ pid: child }) => child));
  return found;
}

const signal = (pids, name) => {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
};

/** Stops it; what is given back wakes it. */
export function putToSleep(profile) {
  const pids = programsOf(profile);
  signal(pids, 'SIGSTOP');
  return () => signal(pids, 'SIGCONT');
}
