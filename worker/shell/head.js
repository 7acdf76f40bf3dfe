// Requests and answers as the module reads them (worker/src/wire.rs): one text for each, so that one call hands over all.

import { addressOf } from './address.js';
import { ask } from './module.js';

/** What is made of a list of names that the module gives, made once. */
function once(get, make) {
  let made;
  return () => (made ??= make(ask(get).split(',')));
}

/** At which line each field's value stands. */
const placesOf = names => new Map(names.map((name, place) => [name, place]));

const requestPlaces = once(module => module.requestFields(), placesOf);
const responsePlaces = once(module => module.responseFields(), placesOf);
const tellingFields = once(
  module => module.tellingFields(),
  names => names,
);

/**
 * The names of all fields, and the values of those that have a place. NUL stands for a field that is absent: no value can
 * have it. One walk through the fields costs half of what asking for each does.
 */
function read(headers, places, cookies) {
  const values = new Array(places.size).fill('\0');
  let names = '';
  headers.forEach((value, name) => {
    names += names === '' ? name : `,${name}`;
    const place = places.get(name);
    if (place !== undefined) values[place] = value;
    else if (name === 'set-cookie') cookies?.push(value);
  });
  return { names, values: values.join('\n') };
}

/** The head of a request; nothing where its address is none. */
export function requestHead({ method, url, headers, body }) {
  const address = addressOf(url);
  if (address === undefined) return '';
  const { names, values } = read(headers, requestPlaces());
  return `${method}\n${address}\n${names}\n${body ? 1 : 0}\n${values}`;
}

/** The head of an answer. */
export function responseHead({ status, headers }) {
  const cookies = [];
  const { names, values } = read(headers, responsePlaces(), cookies);
  const head = `${status}\n${names}\n${values}`;
  return cookies.length === 0 ? head : `${head}\n${cookies.join('\n')}`;
}

/** Whether the answer to a request that had nothing of a session with it goes on as it is, and nobody has to be asked. */
export function isOrdinary({ headers }) {
  if (tellingFields().some(name => headers.has(name))) return false;
  // By the class it varies for those alone who are told of it.
  return !/x-session-class/i.test(headers.get('vary'));
}
