// Before a test: other versions of the frameworks in the place of those that it imports. ALIASES is JSON of name to
// alias, as tests/package/package.json has them.

import { register } from 'node:module';

const aliases = JSON.parse(process.env.ALIASES);
const hooks = `
  const aliases = ${JSON.stringify(aliases)};
  export async function resolve(specifier, context, next) {
    for (const [name, alias] of Object.entries(aliases)) {
      if (specifier === name || specifier.startsWith(name + '/'))
        return next(alias + specifier.slice(name.length), { ...context, parentURL: ${JSON.stringify(import.meta.url)} });
    }
    return next(specifier, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
