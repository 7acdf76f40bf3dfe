// Keeps every WebAssembly instance that is made after this module was read: import it before the Worker.

export const instances = [];

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    instances.push(instance);
    return instance;
  },
});

/** Bytes of linear memory of all of them. */
export const memory = () =>
  instances.reduce((bytes, { exports }) => bytes + exports.memory.buffer.byteLength, 0);
