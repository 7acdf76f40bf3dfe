/** `{ value }` or `{ issues }` of a Standard Schema, which must not be asynchronous. */
export function check(schema, value) {
  const result = schema['~standard'].validate(value);
  if (typeof result?.then === 'function') {
    Promise.resolve(result).catch(() => {});
    throw new TypeError('schema must validate synchronously');
  }
  return result.issues === undefined ? { value: result.value } : { issues: result.issues };
}
