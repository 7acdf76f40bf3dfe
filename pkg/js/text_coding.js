// For the script that CommonJS gets: where Node runs it, and yet no global has them.

export { TextDecoder, TextEncoder } from 'node:util';
