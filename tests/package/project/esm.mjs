import * as api from 'edge-session';
import { check } from './check.mjs';
console.log(JSON.stringify(check(api)));
