#!/usr/bin/env node
// edge-session: on a Node that can run it. What it does is in cli/main.js.

const [major] = process.versions.node.split('.');
if (Number(major) < 20) {
  process.stderr.write(`edge-session: Node ${process.versions.node} is too old, 20 or newer is needed: https://nodejs.org\n`);
  process.exitCode = 2;
} else {
  await import('./cli/main.js');
}
