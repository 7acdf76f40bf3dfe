// What edge-session check makes of answers that no Worker on this machine gives: https on its own port. The rest is in
// tests/system/check.test.mjs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceFindings } from '../../pkg/js/cli/check/device.js';
import { originFindings } from '../../pkg/js/cli/check/origin.js';
import { placeOf } from '../../pkg/js/cli/check/place.js';
import { transportFindings } from '../../pkg/js/cli/check/transport.js';

const url = new URL('https://shop.example');
const answer = (status, headers = {}) => ({ status, headers, setCookies: headers['set-cookie'] ?? [], body: '' });
const place = (given, more = {}) => placeOf({ url, page: '/', login: {}, ask: async () => (given instanceof Error ? Promise.reject(given) : given), ...more });

for (const [what, given, state, cure] of [
  ['a redirect to https', answer(301, { location: 'https://shop.example/' }), 'good'],
  ['nobody', new Error('refused'), 'good'],
  ['a page', answer(200), 'warning', /Always Use HTTPS/],
  ['a redirect that stays without', answer(302, { location: '/en/' }), 'warning', /Always Use HTTPS/],
  ['a session', answer(200, { 'set-cookie': ['__Host-sessionid=x; Secure; Path=/'] }), 'bad', /Always Use HTTPS/],
]) {
  test(`asked without TLS: ${what}`, async () => {
    const [finding] = await transportFindings(place(given));
    assert.equal(finding.state, state);
    if (cure) assert.match(finding.cure, cure);
  });
}

for (const [what, given, state] of [
  ['a page', answer(200), 'bad'],
  ['a page that is not there', answer(404), 'bad'],
  ['no client certificate', { ...answer(400), body: '400 No required SSL certificate was sent' }, 'good'],
  ['forbidden', answer(403), 'good'],
  ['nobody', new Error('nothing listens'), 'good'],
]) {
  test(`past the Worker: ${what}`, async () => {
    const [finding] = await originFindings(place(given, { origin: new URL('https://origin.shop.example') }));
    assert.equal(finding.state, state);
  });
}

test('a site that has the Worker’s own host cannot be asked past it', async () => {
  const [finding] = await originFindings(place(answer(200), { origin: url }));
  assert.deepEqual([finding.state, /Authenticated Origin Pulls/.test(finding.cure)], ['skipped', true]);
});

for (const [what, health, given, states] of [
  ['off', { device: 'off' }, answer(404), []],
  ['a Worker that knows nothing of it', {}, answer(404), []],
  ['on', { device: 'bound' }, { ...answer(401), json: { error: 'no_identifier' } }, ['good']],
  ['answered by somebody else', { device: 'bound' }, answer(403), ['bad']],
]) {
  test(`devices: ${what}`, async () => {
    const findings = await deviceFindings(Object.assign(place(given), { health }));
    assert.deepEqual(findings.map(({ state }) => state), states);
  });
}

test('devices: without TLS no browser has any', async () => {
  const [finding] = await deviceFindings(Object.assign(place(answer(401), { url: new URL('http://localhost:8787') }), { health: { device: 'observe' } }));
  assert.deepEqual([finding.state, /--https/.test(finding.cure)], ['warning', true]);
});
