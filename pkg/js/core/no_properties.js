// Assignments that would be kept nowhere.

/**
 * Makes an assignment to an object of this class a TypeError, in sloppy code too, where a sealed object would swallow
 * it. A property that is found never comes to the proxy, so nothing else costs anything.
 *
 * @param {Function} Class
 * @param {string} name of such an object, in messages
 */
export function refuseProperties(Class, name) {
  const { prototype } = Class;
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (property.get === undefined || property.set !== undefined) continue;
    const set = () => {
      throw new TypeError(`${name}.${key} is only to be read`);
    };
    Object.defineProperty(prototype, key, { ...property, set });
  }
  const refusing = new Proxy(Object.getPrototypeOf(prototype), {
    set(_, key) {
      throw new TypeError(`${name}.${String(key)} = … would not be kept: ${name}.set('${String(key)}', …) is`);
    },
  });
  Object.setPrototypeOf(prototype, refusing);
  Object.freeze(prototype);
}
