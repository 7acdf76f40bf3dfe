import * as api from 'edge-session';
import { check } from './check.mjs';
window.result = check(api);
