/** Applies lines to header fields: `-name` takes one away, `=name: value` replaces it, `+name: value` adds one. */
export function edit(headers, lines) {
  for (const line of lines) {
    if (line === '') continue;
    if (line[0] === '-') {
      headers.delete(line.slice(1));
      continue;
    }
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(1, colon), line.slice(colon + 2)];
    if (line[0] === '=') headers.set(name, value);
    else headers.append(name, value);
  }
  return headers;
}
